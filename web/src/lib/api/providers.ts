/** Queries for providers, which several features show. */
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client.ts'

/** Every provider the house can use, those found on this machine included. */
export const providersQuery = () =>
  queryOptions({
    queryKey: ['providers'],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/v1/providers', { signal }))).items,
    staleTime: 30_000,
  })
