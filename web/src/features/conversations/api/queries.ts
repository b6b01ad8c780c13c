/** What is read of conversations: one factory per resource. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import { CONVERSATIONS, conversationKey, RUNNING } from '#lib/api/keys.ts'
import type { ConversationStatus } from '#lib/api/types.ts'

export interface LibraryFilter {
  readonly status?: ConversationStatus | undefined
  readonly q?: string | undefined
}

const PAGE = 30
/** The most the server looks for at once. */
const WORDS_MAX = 200

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: conversationKey(id),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/conversations/{conversation_id}', {
          params: { path: { conversation_id: id } },
          signal,
        }),
      ),
  })

const listOf = async (status: ConversationStatus, signal: AbortSignal) =>
  (await unwrap(api.GET('/api/v1/conversations', { params: { query: { status, limit: 20 } }, signal }))).items

/** What is on now, newest first; else what sleeps because nobody watched, and wakes when somebody does. */
export const runningQuery = () =>
  queryOptions({
    queryKey: RUNNING,
    queryFn: async ({ signal }) => {
      const running = await listOf('running', signal)
      if (running.length > 0) return running
      return (await listOf('paused', signal)).filter(({ paused_because }) => paused_because === 'idle')
    },
    refetchInterval: 15_000,
  })

/** The library, page by page. */
export const libraryQuery = ({ status, q }: LibraryFilter) =>
  infiniteQueryOptions({
    queryKey: [...CONVERSATIONS, 'library', status ?? 'all', q ?? ''],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/api/v1/conversations', {
          params: {
            query: {
              limit: PAGE,
              ...(status ? { status } : {}),
              ...(q ? { q: q.slice(0, WORDS_MAX) } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })

/** A few conversations whose words match, for jumping there. */
export const paletteQuery = (words: string) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'palette', words],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET('/api/v1/conversations', {
            params: { query: { limit: 6, ...(words ? { q: words.slice(0, WORDS_MAX) } : {}) } },
            signal,
          }),
        )
      ).items,
    placeholderData: keepPreviousData,
  })

/** Who said how much, message by message: what a small score is drawn from. */
export const scoreQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'score', id],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET('/api/v1/conversations/{conversation_id}/analytics', {
            params: { path: { conversation_id: id } },
            signal,
          }),
        )
      ).score,
    staleTime: 60_000,
  })

/** Where each phase of the show began. */
export const phasesQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'phases', id],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET('/api/v1/conversations/{conversation_id}/analytics', {
            params: { path: { conversation_id: id } },
            signal,
          }),
        )
      ).phases,
  })

/** Openings to begin with: by theme, or near to what was typed. */
export const startersQuery = (topic = '') =>
  queryOptions({
    queryKey: ['starters', topic],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET('/api/v1/starters', {
            params: { query: { limit: 200, ...(topic ? { topic } : {}) } },
            signal,
          }),
        )
      ).items,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** The calls one turn made, oldest first; empty unless they were being recorded. */
export const turnCallsQuery = (id: string, turnId: string) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'calls', id, turnId],
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET('/api/v1/conversations/{conversation_id}/turns/{turn_id}/calls', {
            params: { path: { conversation_id: id, turn_id: turnId } },
            signal,
          }),
        )
      ).items,
  })

/** Events after a seq, oldest first: for filling gaps in what came live. */
export async function fetchEvents(id: string, after: number, limit = 200, signal?: AbortSignal) {
  const page = await unwrap(
    api.GET('/api/v1/conversations/{conversation_id}/events', {
      params: { path: { conversation_id: id }, query: { after, limit } },
      ...(signal ? { signal } : {}),
    }),
  )
  return page.items
}

/** Messages before a seq, oldest first: for scrolling back. */
export async function fetchMessages(id: string, beforeSeq: number, limit = 50, signal?: AbortSignal) {
  const page = await unwrap(
    api.GET('/api/v1/conversations/{conversation_id}/messages', {
      params: { path: { conversation_id: id }, query: { before_seq: beforeSeq, limit } },
      ...(signal ? { signal } : {}),
    }),
  )
  return page.items
}
