/** What the studio asks of the house. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import type { CardInput, Persona, Said } from '#lib/api/types.ts'
import { studio } from '#messages/studio.ts'

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

export const memoryQuery = (id: string) =>
  queryOptions({
    queryKey: ['personas', id, 'memory'],
    queryFn: async ({ signal }) => {
      const { params } = at(id)
      const query = { limit: 200 }
      const found = await unwrap(
        api.GET('/api/v1/personas/{persona_id}/memory', { params: { ...params, query }, signal }),
      )
      return found.items
    },
  })

const NOTE = '/api/v1/personas/{persona_id}/memory/{note_id}'
const noted = (persona_id: string, note_id: string) => ({ params: { path: { persona_id, note_id } } })

/** Puts one thing right that a persona remembers. */
export function useRecollect(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ note, text }: { readonly note: string; readonly text: string }) =>
      unwrap(api.PATCH(NOTE, { ...noted(id, note), body: { text } })),
    onSuccess: () => client.invalidateQueries(memoryQuery(id)),
  })
}

/** Lets a persona forget one thing, or for `undefined` everything. */
export function useForget(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (note: string | undefined) =>
      note === undefined
        ? unwrap(api.DELETE('/api/v1/personas/{persona_id}/memory', at(id)))
        : unwrap(api.DELETE(NOTE, noted(id, note))),
    onSuccess: () => client.invalidateQueries(memoryQuery(id)),
  })
}

/** Makes a persona of a file: JSON, or a picture with a card in it. */
export function useImport() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (file: File) => {
      const body = file.type === 'image/png' ? { png: await dataUrlOf(file) } : { card: await cardIn(file) }
      return unwrap(api.POST('/api/v1/personas/import', { body }))
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['personas'] }),
  })
}

/** Gives a persona another name. */
export function useRename() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, name }: { readonly id: string; readonly name: string }) =>
      unwrap(api.PATCH('/api/v1/personas/{persona_id}', { ...at(id), body: { name } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['personas'] }),
  })
}

const dataUrlOf = (file: File) =>
  new Promise<string>((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(new Error(studio.unreadable(file.name)))
    reader.readAsDataURL(file)
  })

async function cardIn(file: File): Promise<Record<string, never>> {
  try {
    return JSON.parse(await file.text()) as Record<string, never>
  } catch {
    throw new Error(studio.unreadable(file.name))
  }
}
