/** Short logs for tests: a few events folded into a state. */
import type { Envelope } from '#live/events.ts'
import { reduce } from '#live/reduce.ts'
import { blank, type ConversationState, type Direction, type Line } from '#live/state.ts'

export const AT = '2026-11-22T21:00:00.000Z'

export const PEOPLE = [
  {
    id: 'p',
    name: 'The Poet',
    slug: 'poet',
    persona_id: 'per_p',
    short: 'Poet',
    color: 'rose',
    mask: 'poet',
    provider: 'x',
    model: 'y',
  },
  { id: 'q', name: 'Quill' },
]

export type Said = readonly [
  type: string,
  body: object,
  actor?: { type: string; id?: string } | undefined,
  visibility?: Envelope['visibility'],
]

export function fold(events: readonly Said[], from: ConversationState = blank('c')): ConversationState {
  return events.reduce<ConversationState>((state, [type, body, actor, visibility = 'all']) => {
    const seq = state.headSeq + 1
    const event = { conversation_id: 'c', seq, type, at: AT, body, actor, visibility } as Envelope
    return reduce(state, event)
  }, from)
}

export const created: Said = ['conversation.created', { topic: 'Tea', participants: PEOPLE, seed: 1 }]

export function turn(messageId: string, change: object = {}): Said {
  const ids = { turn_id: `t${messageId}`, message_id: messageId, participant_id: 'p' }
  return ['turn.started', { ...ids, generation: 1, cause: 'owed', pause_ms: 5, bids: [], ...change }]
}

export function said(messageId: string, text: string, change: object = {}): Said {
  const ids = { turn_id: `t${messageId}`, message_id: messageId, participant_id: 'p' }
  return ['message.completed', { ...ids, text, ...change }]
}

/** Only these of the cast hear it. */
export const whisper = ([type, body, actor]: Said, visibility: readonly string[]): Said => [
  type,
  body,
  actor,
  visibility,
]

export const lines = ({ rows }: ConversationState) => rows.filter((row): row is Line => row.kind === 'line')

export const told = ({ rows }: ConversationState) =>
  rows.filter((row): row is Direction => row.kind === 'direction').map(({ what }) => what)
