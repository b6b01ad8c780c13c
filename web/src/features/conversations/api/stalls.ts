/** What the stalls decide and mark: polls, wished topics, votes on the talk, highlights, bookmarks. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import { CONVERSATIONS } from '#lib/api/keys.ts'
import type { components } from '#lib/api/schema.d.ts'

type Schemas = components['schemas']

export type Poll = Schemas['Poll']
export type OpenPoll = Schemas['OpenPoll']
export type Highlight = Schemas['Highlight']
export type Marked = Schemas['Marked']
export type Feedback = Schemas['Feedback']

/** More than the list of one talk is read of. */
const LIMIT = 200

const paramsOf = (id: string) => ({ path: { conversation_id: id } })
const keyOf = (id: string, what: string) => [...CONVERSATIONS, 'stalls', id, what]

export const pollsQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf(id, 'polls'),
    queryFn: async ({ signal }) => {
      const path = '/api/v1/conversations/{conversation_id}/polls'
      return (await unwrap(api.GET(path, { params: paramsOf(id), signal }))).items
    },
  })

export const topicsQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf(id, 'topics'),
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/conversations/{conversation_id}/topics', { params: paramsOf(id), signal })),
  })

export const feedbackQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf(id, 'vote'),
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/conversations/{conversation_id}/vote', { params: paramsOf(id), signal })),
  })

export const highlightsQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf(id, 'highlights'),
    queryFn: async ({ signal }) => {
      const path = '/api/v1/conversations/{conversation_id}/highlights'
      const params = { ...paramsOf(id), query: { limit: LIMIT } }
      return (await unwrap(api.GET(path, { params, signal }))).items
    },
  })

export const bookmarksQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf(id, 'bookmarks'),
    queryFn: async ({ signal }) => {
      const path = '/api/v1/conversations/{conversation_id}/bookmarks'
      const params = { ...paramsOf(id), query: { limit: LIMIT } }
      return (await unwrap(api.GET(path, { params, signal }))).items
    },
  })

/** After a change of ours the lists of the stalls are asked anew. */
function useStalls<Input, Output>(id: string, change: (input: Input) => Promise<Output>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => client.invalidateQueries({ queryKey: [...CONVERSATIONS, 'stalls', id] }),
  })
}

export function useOpenPoll(id: string) {
  return useStalls(id, (body: OpenPoll) =>
    unwrap(api.POST('/api/v1/conversations/{conversation_id}/polls', { params: paramsOf(id), body })),
  )
}

export function useVote(id: string, pollId: string) {
  return useStalls(id, (option: number) => {
    const params = { path: { conversation_id: id, poll_id: pollId } }
    const path = '/api/v1/conversations/{conversation_id}/polls/{poll_id}/vote'
    return unwrap(api.PUT(path, { params, body: { option } }))
  })
}

export function useJudge(id: string) {
  return useStalls(id, (value: -1 | 0 | 1) =>
    unwrap(
      api.PUT('/api/v1/conversations/{conversation_id}/vote', { params: paramsOf(id), body: { value } }),
    ),
  )
}

export function useWish(id: string) {
  return useStalls(id, (topic: string) =>
    unwrap(
      api.PUT('/api/v1/conversations/{conversation_id}/topics', { params: paramsOf(id), body: { topic } }),
    ),
  )
}

export interface Mark {
  readonly kind: 'highlight' | 'bookmark'
  readonly messageId: string
  readonly on: boolean
}

/** Marks a line for everybody, or for oneself; or takes the mark away. */
export function useMark(id: string) {
  return useStalls(id, ({ kind, messageId, on }: Mark) => {
    const params = { path: { conversation_id: id, message_id: messageId } }
    const path = `/api/v1/conversations/{conversation_id}/messages/{message_id}/${kind}` as const
    return unwrap(on ? api.PUT(path, { params }) : api.DELETE(path, { params }))
  })
}
