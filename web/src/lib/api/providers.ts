/** Queries for providers, which several features show. */
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from './client.ts'

/** Under this key lies all that is known of providers; invalidating it asks for everything again. */
export const PROVIDERS = ['providers'] as const

/** Every provider the house can use, those found on this machine included. */
export const providersQuery = () =>
  queryOptions({
    queryKey: [...PROVIDERS, 'all'],
    queryFn: async ({ signal }) => (await unwrap(api.GET('/api/v1/providers', { signal }))).items,
    staleTime: 30_000,
  })

/** Those too that have neither key nor address yet: what an operator sees. */
export const everyProviderQuery = () =>
  queryOptions({
    queryKey: [...PROVIDERS, 'every'],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/v1/providers', { params: { query: { all: true } }, signal }))).items,
  })

/** What one provider can play, with prices. */
export const modelsQuery = (name: string) =>
  queryOptions({
    queryKey: [...PROVIDERS, 'models', name],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET('/api/v1/providers/{provider_name}/models', {
            params: { path: { provider_name: name } },
            signal,
          }),
        )
      ).items,
    staleTime: 60_000,
  })
