/** What the studio asks of the house about variants. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import type { CreateVariant, Persona } from '#lib/api/types.ts'

const VARIANT = '/api/v1/personas/{persona_id}/variants/{variant_id}'

export const variantsQuery = (id: string) =>
  queryOptions({
    queryKey: ['personas', id, 'variants'],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/personas/{persona_id}/variants', { params: { path: { persona_id: id } }, signal }),
      ),
  })

/** Asks anew for a persona's variants. */
function useAskAgain(id: string) {
  const client = useQueryClient()
  return () => client.invalidateQueries(variantsQuery(id))
}

const at = (persona_id: string, variant_id: string) => ({ params: { path: { persona_id, variant_id } } })

export function useWriteVariant(id: string) {
  const onSuccess = useAskAgain(id)
  return useMutation({
    mutationFn: (body: CreateVariant) =>
      unwrap(
        api.POST('/api/v1/personas/{persona_id}/variants', { params: { path: { persona_id: id } }, body }),
      ),
    onSuccess,
  })
}

export function useApprove(id: string) {
  const onSuccess = useAskAgain(id)
  return useMutation({
    mutationFn: (variant: string) =>
      unwrap(api.PATCH(VARIANT, { ...at(id, variant), body: { approved: true } })),
    onSuccess,
  })
}

export function useRetire(id: string) {
  const onSuccess = useAskAgain(id)
  return useMutation({
    mutationFn: (variant: string) => unwrap(api.DELETE(VARIANT, at(id, variant))),
    onSuccess,
  })
}

/** `onAdopted` is called even if who asked is gone: a variant that was adopted is no longer there. */
export function useAdopt(id: string, onAdopted: (persona: Persona) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (variant: string) => unwrap(api.POST(`${VARIANT}/adopt`, at(id, variant))),
    onSuccess: (persona) => {
      onAdopted(persona)
      return client.invalidateQueries({ queryKey: ['personas'] })
    },
  })
}
