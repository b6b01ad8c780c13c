/** Who can direct, which several features ask. */
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client.ts'

/** Who can direct: those of the house, then those of installed packages. */
export const directorsQuery = () =>
  queryOptions({
    queryKey: ['directors'],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/v1/directors', { signal }))).items,
    staleTime: Number.POSITIVE_INFINITY,
  })
