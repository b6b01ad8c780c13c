/** What the screen of experiments asks of the house. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import type { CreateExperiment } from '#lib/api/types.ts'

/** While the page is open the figures follow the votes. */
const AGAIN_MS = 15_000

export const experimentsQuery = () =>
  queryOptions({
    queryKey: ['experiments'],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/v1/experiments', { signal }))).items,
    refetchInterval: AGAIN_MS,
  })

export function useBegin() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: CreateExperiment) => unwrap(api.POST('/api/v1/experiments', { body })),
    onSuccess: () => client.invalidateQueries(experimentsQuery()),
  })
}

export function useStop(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () =>
      unwrap(
        api.POST('/api/v1/experiments/{experiment_id}/stop', { params: { path: { experiment_id: id } } }),
      ),
    onSuccess: () => client.invalidateQueries(experimentsQuery()),
  })
}
