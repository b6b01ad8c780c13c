/** What an operator changes; every answer is asked for again where it shows. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import { HOUSE } from '#lib/api/house.ts'
import { PROVIDERS } from '#lib/api/providers.ts'
import type { HouseSwitches, PatchHouse, PatchProvider, PutCredential } from '#lib/api/types.ts'

const at = (name: string) => ({ params: { path: { provider_name: name } } })

/** Asks anew for all that is known of providers. */
function useAskAgain() {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: PROVIDERS })
}

/** What is stored is shown when it has been asked: between the two its provider would seem to be down. */
export function usePutCredential(name: string) {
  return useMutation({
    mutationFn: (body: PutCredential) =>
      unwrap(api.PUT('/api/v1/providers/{provider_name}/credential', { ...at(name), body })),
  })
}

export function useDeleteCredential(name: string) {
  const askAgain = useAskAgain()
  return useMutation({
    mutationFn: () => unwrap(api.DELETE('/api/v1/providers/{provider_name}/credential', at(name))),
    onSuccess: askAgain,
  })
}

/** A free call, with what was typed or, for `{}`, with what is stored. */
export function useCheckProvider(name: string) {
  const askAgain = useAskAgain()
  return useMutation({
    mutationFn: (typed: PutCredential) =>
      unwrap(
        api.POST('/api/v1/providers/{provider_name}/check', {
          ...at(name),
          ...(Object.keys(typed).length > 0 ? { body: typed } : {}),
        }),
      ),
    onSettled: askAgain,
  })
}

export function usePatchProvider(name: string) {
  const askAgain = useAskAgain()
  return useMutation({
    mutationFn: (body: PatchProvider) =>
      unwrap(api.PATCH('/api/v1/providers/{provider_name}', { ...at(name), body })),
    onSuccess: askAgain,
  })
}

/** Switches turn at once and turn back if the house refuses. `onSaved` is called even if who asked is gone. */
export function usePatchHouse(onSaved?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: PatchHouse) => unwrap(api.PATCH('/api/v1/house', { body })),
    onMutate: async ({ paid_calls, record_calls }) => {
      await client.cancelQueries({ queryKey: HOUSE })
      const before = client.getQueryData<HouseSwitches>(HOUSE)
      if (before) {
        client.setQueryData(HOUSE, {
          ...before,
          paid_calls: paid_calls ?? before.paid_calls,
          record_calls: record_calls ?? before.record_calls,
        })
      }
      return before
    },
    onError: (_error, _body, before) => client.setQueryData(HOUSE, before),
    onSuccess: (house) => {
      client.setQueryData(HOUSE, house)
      onSaved?.()
      return client.invalidateQueries({ queryKey: PROVIDERS })
    },
  })
}

export function useStartPull(name: string) {
  const askAgain = useAskAgain()
  return useMutation({
    mutationFn: (model: string) =>
      unwrap(api.POST('/api/v1/providers/{provider_name}/pulls', { ...at(name), body: { model } })),
    onSuccess: askAgain,
  })
}

export function useCancelPull(name: string) {
  const askAgain = useAskAgain()
  return useMutation({
    mutationFn: (model: string) =>
      unwrap(
        api.DELETE('/api/v1/providers/{provider_name}/pulls/{model}', {
          params: { path: { provider_name: name, model } },
        }),
      ),
    onSuccess: askAgain,
  })
}
