/** What Admin reads besides the providers themselves. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import { PROVIDERS } from '#lib/api/providers.ts'

export const SPENDING = ['spending'] as const

/** The last days, today included. */
export const spendingQuery = (days: number) =>
  queryOptions({
    queryKey: [...SPENDING, days],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/spending', { params: { query: { days } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  })

const PROGRESS_MS = 1_000

/** Models on their way to this machine; asked often while one is. */
export const pullsQuery = (name: string) =>
  queryOptions({
    queryKey: [...PROVIDERS, 'pulls', name],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET('/api/v1/providers/{provider_name}/pulls', {
            params: { path: { provider_name: name } },
            signal,
          }),
        )
      ).items,
    refetchInterval: ({ state }) => (state.data?.some(({ over }) => !over) ? PROGRESS_MS : false),
  })
