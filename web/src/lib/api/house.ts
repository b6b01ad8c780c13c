/** What the operator chose for the whole house, which more than one feature asks. */
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client.ts'

export const HOUSE = ['house'] as const

export const houseQuery = () =>
  queryOptions({
    queryKey: HOUSE,
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/house', { signal })),
    staleTime: 30_000,
  })
