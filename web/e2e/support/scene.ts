/** What happens in the endless scene, as the house tells it: turns that begin, grow and end. */

export const ID = 'cnv_stream'
/** What each of the cast wears. */
export const GELS = { philosopher: 'steel', comedian: 'amber', scientist: 'moss' } as const
export const SLUGS = ['philosopher', 'comedian', 'scientist'] as const
export const AT = '2026-11-22T10:00:00.000Z'

/** Who hears it: all of the cast, or some. */
type Heard = 'all' | readonly string[]

const event = (seq: number, type: string, body: object, visibility: Heard = 'all') => ({
  kind: 'event',
  conversation_id: ID,
  seq,
  type,
  version: 1,
  actor: { type: 'participant', id: null },
  at: AT,
  visibility,
  body,
})

const turn = (message: string, speaker: string) => ({
  turn_id: `trn_${message}`,
  message_id: `msg_${message}`,
  participant_id: `par_${speaker}`,
  generation: 1,
  cause: 'self_selected',
  pause_ms: 0,
  bids: [],
})

export const started = (seq: number, message: string, speaker: string, more: object = {}, heard?: Heard) =>
  event(seq, 'turn.started', { ...turn(message, speaker), ...more }, heard)

export function completed(
  seq: number,
  message: string,
  speaker: string,
  text: string,
  more: object = {},
  heard?: Heard,
) {
  const line = { ...turn(message, speaker), text, ending: 'complete', scripted: true, ...more }
  return event(seq, 'message.completed', line, heard)
}

export const delta = (message: string, speaker: string, offset: number, text: string) => ({
  kind: 'signal',
  conversation_id: ID,
  type: 'message.delta',
  body: { message_id: `msg_${message}`, participant_id: `par_${speaker}`, generation: 1, offset, text },
})
