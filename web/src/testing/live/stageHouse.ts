/** The house of one conversation for component tests: its resource, its log and its line. */
import { HttpResponse, http, ws } from 'msw'
import type { Envelope } from '#live/events.ts'
import { conversation } from '../fixtures.ts'
import { API, server } from '../house.tsx'
import type { Said } from './logs.ts'

const AT = '2026-11-22T21:00:00.000Z'
const line = ws.link(`${API.replace(/^http/, 'ws')}/live`)

/** Of these there are none at first. */
const LISTS = new Set(['notes', 'polls', 'highlights', 'bookmarks'])

export interface StageHouse {
  /** Appends events and sends them over the line. */
  say(...events: Said[]): void
  signal(type: string, body: object): void
  /** When the next turn comes, as snapshots say from now on. */
  due(at: Date): void
  /** What was asked of the house: `POST /pause {}`. */
  readonly asked: string[]
}

export function stageHouse(
  events: readonly Said[],
  change: Parameters<typeof conversation>[1] = {},
): StageHouse {
  const log: Envelope[] = []
  const asked: string[] = []
  let nextTurnAt: string | null = null
  const envelope = ([type, body, actor, visibility = 'all']: Said): Envelope => {
    const seq = log.length + 1
    const event = { conversation_id: 'cnv_1', seq, type, at: AT, body, actor, visibility } as Envelope
    log.push(event)
    return event
  }
  const relations = {
    conversation_id: 'cnv_1',
    ties: [],
    pairs: [],
    camps: [],
    balance: 1,
    history: [],
    next_cursor: null,
  }
  for (const each of events) envelope(each)
  const resource = () => ({ ...conversation('cnv_1', change), head_seq: log.length })
  const broadcast = (...frames: object[]) => line.broadcast(JSON.stringify(frames))
  server.use(
    http.get(`${API}/conversations/cnv_1`, () => HttpResponse.json(resource())),
    http.get(`${API}/conversations/cnv_1/events`, ({ request }) => {
      const query = new URL(request.url).searchParams
      const after = Number(query.get('after'))
      return HttpResponse.json({
        items: log.slice(after, after + Number(query.get('limit'))),
        next_cursor: null,
      })
    }),
    http.get(`${API}/conversations/cnv_1/relations`, () => HttpResponse.json(relations)),
    http.get(`${API}/conversations/cnv_1/analytics`, () => HttpResponse.json({ phases: [] })),
    http.get(`${API}/conversations/cnv_1/quality`, () =>
      HttpResponse.json({ conversation_id: 'cnv_1', history: [], next_cursor: null }),
    ),
    http.get(`${API}/conversations/cnv_1/:list`, ({ params }) =>
      LISTS.has(String(params.list)) ? HttpResponse.json({ items: [], next_cursor: null }) : undefined,
    ),
    http.all(`${API}/conversations/cnv_1/:command`, async ({ request, params }) => {
      asked.push(`${request.method} /${String(params.command)} ${await request.text()}`)
      return HttpResponse.json({ conversation: resource(), seq: log.length })
    }),
    http.patch(`${API}/conversations/cnv_1`, async ({ request }) => {
      asked.push(`PATCH ${await request.text()}`)
      return HttpResponse.json(resource())
    }),
    line.addEventListener('connection', ({ client }) => {
      client.addEventListener('message', () => {
        const snapshot = {
          kind: 'control',
          type: 'snapshot',
          conversation_id: 'cnv_1',
          status: 'running',
          generation: 1,
        }
        const rest = {
          from_seq: log.length + 1,
          head_seq: log.length,
          truncated: false,
          viewers: 12,
          next_turn_at: nextTurnAt,
          draft: null,
        }
        client.send(JSON.stringify([{ ...snapshot, ...rest }]))
      })
    }),
  )
  return {
    say: (...more) => broadcast(...more.map((each) => ({ kind: 'event', ...envelope(each) }))),
    signal: (type, body) => broadcast({ kind: 'signal', conversation_id: 'cnv_1', type, body }),
    due: (at) => {
      nextTurnAt = at.toISOString()
    },
    asked,
  }
}
