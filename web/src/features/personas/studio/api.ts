/** What the studio asks of the house. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import type { CardInput, Persona, Said } from '#lib/api/types.ts'

const at = (id: string) => ({ params: { path: { persona_id: id } } })

/** The prompt of an unsaved persona. */
export const previewQuery = (persona: CardInput, topic: string, editing: string | undefined) =>
  queryOptions({
    queryKey: ['studio', 'preview', persona, topic, editing],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/v1/personas/preview', {
          body: { persona, ...(topic === '' ? {} : { topic }), ...(editing ? { editing } : {}) },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    retry: false,
  })

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['personas', id, 'versions'],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/v1/personas/{persona_id}/versions', { ...at(id), signal }))).items,
  })

export interface Try {
  readonly persona: CardInput
  readonly partner: string
  readonly said: readonly Said[]
  readonly lines: number
  /** `provider model`, or empty for whoever the house plays with. */
  readonly mind: string
  readonly seed: number
}

export function useTry() {
  return useMutation({
    mutationFn: ({ mind, said, ...wanted }: Try) => {
      const [provider = '', ...model] = mind.split(' ')
      const route =
        provider === '' ? {} : { provider, ...(model.length > 0 ? { model: model.join(' ') } : {}) }
      return unwrap(api.POST('/api/v1/personas/try', { body: { ...wanted, ...route, said: [...said] } }))
    },
  })
}

/** Keeps a new persona, or the next version of one. */
export function useSave(before: Persona | undefined, forkedFrom: string | undefined) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (card: CardInput) =>
      before
        ? unwrap(
            api.PATCH('/api/v1/personas/{persona_id}', {
              ...at(before.id),
              body: { ...card, ...(before.version == null ? {} : { version: before.version }) },
            }),
          )
        : unwrap(
            api.POST('/api/v1/personas', {
              body: { ...card, ...(forkedFrom ? { forked_from: forkedFrom } : {}) },
            }),
          ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['personas'] }),
  })
}

export function useRemove(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => unwrap(api.DELETE('/api/v1/personas/{persona_id}', at(id))),
    onSuccess: () => client.invalidateQueries({ queryKey: ['personas'], refetchType: 'none' }),
  })
}
