/** What is read of the minds on stage, and put right in them: relations, notes, quality, the course of the talk. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import { CONVERSATIONS } from '#lib/api/keys.ts'
import type { Note, Relations } from '#lib/api/types.ts'
import type { Envelope } from '#live/events.ts'
import { fetchEvents } from './queries.ts'

const PAGE = 200
/** So many events before a line its turn is looked for; a crowd may have said much in between. */
const LOOK_BACK = 1_000

interface Page {
  readonly next_cursor: string | null
}

/** Everything from a cursor on, page by page. */
async function pages<P extends Page>(
  read: (cursor: string | null) => Promise<P>,
  from: string | null = null,
) {
  const all: P[] = []
  let cursor = from
  do {
    const page = await read(cursor)
    all.push(page)
    cursor = page.next_cursor
  } while (cursor !== null)
  return all
}

const query = (cursor: string | null) => ({ limit: PAGE, ...(cursor === null ? {} : { cursor }) })
const pathOf = (id: string) => ({ conversation_id: id })

export interface RelationsLedger extends Relations {
  /** Where the last page began, and how many changes came before it: what is new is asked for from there. */
  readonly resume: { readonly cursor: string | null; readonly before: number }
}

/** How the cast stand to each other, with every change since the stage was swept at `clearedSeq`. */
export const ledgerQuery = (id: string, clearedSeq: number) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'ledger', id, clearedSeq],
    queryFn: async ({ client, queryKey, signal }): Promise<RelationsLedger> => {
      const known = client.getQueryData<RelationsLedger>(queryKey)?.resume ?? { cursor: null, before: 0 }
      const kept = client.getQueryData<RelationsLedger>(queryKey)?.history.slice(0, known.before) ?? []
      const read = (cursor: string | null) =>
        unwrap(
          api.GET('/api/v1/conversations/{conversation_id}/relations', {
            params: { path: pathOf(id), query: query(cursor) },
            signal,
          }),
        )
      const found = await pages(read, known.cursor)
      const last = found.at(-1)
      if (!last) throw new Error('A list has at least one page.')
      const history = [...kept, ...found.flatMap((page) => page.history)]
      const cursor = found.at(-2)?.next_cursor ?? known.cursor
      return { ...last, history, resume: { cursor, before: history.length - last.history.length } }
    },
    placeholderData: keepPreviousData,
  })

export const qualityQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'quality', id],
    queryFn: async ({ signal }) => {
      const found = await pages((cursor) =>
        unwrap(
          api.GET('/api/v1/conversations/{conversation_id}/quality', {
            params: { path: pathOf(id), query: query(cursor) },
            signal,
          }),
        ),
      )
      return { history: found.flatMap(({ history }) => history), prediction: found[0]?.prediction ?? null }
    },
  })

const notesKey = (id: string) => [...CONVERSATIONS, 'notes', id]

export const notesQuery = (id: string) =>
  queryOptions({
    queryKey: notesKey(id),
    queryFn: async ({ signal }): Promise<readonly Note[]> => {
      const found = await pages((cursor) =>
        unwrap(
          api.GET('/api/v1/conversations/{conversation_id}/notes', {
            params: { path: pathOf(id), query: query(cursor) },
            signal,
          }),
        ),
      )
      return found.flatMap(({ items }) => items)
    },
  })

export const courseQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'course', id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/conversations/{conversation_id}/analytics', {
          params: { path: pathOf(id), query: { full: true } },
          signal,
        }),
      ),
  })

/** The events from the notes before a turn to its line; empty if the turn is not near its line. */
export const turnStoryQuery = (id: string, turnId: string, seq: number) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, 'story', id, turnId],
    queryFn: async ({ signal }): Promise<readonly Envelope[]> => {
      let events: readonly Envelope[] = []
      for (let end = seq; end > 0 && seq - end < LOOK_BACK; end -= PAGE) {
        const after = Math.max(0, end - PAGE)
        events = [...((await fetchEvents(id, after, end - after, signal)) as readonly Envelope[]), ...events]
        const begun = events.findIndex(({ type, body }) => type === 'turn.started' && body.turn_id === turnId)
        if (begun >= 0) return events.slice(0, begun + 1)
      }
      return []
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Puts a note right, or makes its owner forget it when nothing is given. */
export function useChangeNote(id: string) {
  const client = useQueryClient()
  const path = '/api/v1/conversations/{conversation_id}/notes/{note_id}'
  return useMutation({
    mutationFn: async ({
      note,
      to,
    }: {
      readonly note: Note
      readonly to: Pick<Note, 'text' | 'importance'> | null
    }) => {
      const params = { path: { ...pathOf(id), note_id: note.id } }
      if (to === null) await unwrap(api.DELETE(path, { params }))
      else await unwrap(api.PATCH(path, { params, body: to }))
    },
    onSettled: () => client.invalidateQueries({ queryKey: notesKey(id) }),
  })
}
