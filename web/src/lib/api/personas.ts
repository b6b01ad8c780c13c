/** Queries for personas, which several features show. */
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client.ts'

const MINUTE = 60_000

/** The whole troupe of the house, in its order. */
export const personasQuery = () =>
  queryOptions({
    queryKey: ['personas'],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/v1/personas', { params: { query: { limit: 200 } }, signal }))).items,
    staleTime: 5 * MINUTE,
  })

/** One persona by id or slug. */
export const personaQuery = (idOrSlug: string) =>
  queryOptions({
    queryKey: ['personas', idOrSlug],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/personas/{persona_id}', { params: { path: { persona_id: idOrSlug } }, signal }),
      ),
    staleTime: 5 * MINUTE,
  })
