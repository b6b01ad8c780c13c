/** A house in the hands of a test: its log and the frames it sends. */
import type { Envelope } from '#live/events.ts'
import type { Source } from '#live/log.ts'
import type { WireConversation } from '#live/opening.ts'

export const AT = '2026-11-22T21:00:00.000Z'
export const posted = (seq: number): Envelope => ({
  conversation_id: 'c',
  seq,
  type: 'message.posted',
  at: AT,
  body: { message_id: `m${seq}`, author: { kind: 'viewer', name: 'Anna' }, text: `line ${seq}` },
})
export const turn = (seq: number, generation = 1): Envelope => ({
  ...posted(seq),
  type: 'turn.started',
  body: {
    turn_id: 't',
    message_id: 'd',
    participant_id: 'p',
    generation,
    cause: 'owed',
    pause_ms: 1,
    bids: [],
  },
})
export const delta = (offset: number, text: string) => ({
  kind: 'signal',
  conversation_id: 'c',
  type: 'message.delta',
  body: { message_id: 'd', participant_id: 'p', generation: 1, offset, text },
})
export const hello = (store_id = 's') => ({ kind: 'control', type: 'hello', store_id, server_time: AT })
export const snapshot = (head_seq: number, change: object = {}) => ({
  kind: 'control',
  type: 'snapshot',
  conversation_id: 'c',
  status: 'running',
  generation: 0,
  from_seq: head_seq + 1,
  head_seq,
  truncated: false,
  viewers: 1,
  ...change,
})
export const heartbeat = (head: number) => ({
  kind: 'control',
  type: 'heartbeat',
  at: AT,
  head_seq: { c: head },
})

/** A house whose log the test writes. */
export class FakeHouse implements Source {
  log: Envelope[] = []
  gone = false
  broken = false
  readonly asked: string[] = []
  conversation = async (): Promise<WireConversation | null> => {
    this.asked.push('conversation')
    if (this.broken) throw new Error('no house')
    if (this.gone) return null
    return {
      id: 'c',
      title: 'Tea',
      topic: 'Tea',
      status: 'running',
      head_seq: this.log.length,
      created_at: AT,
      pace: { mode: 'stream', speed: 1 },
      participants: [],
      message_count: this.log.length,
    }
  }
  events = async (_id: string, after: number, limit: number) => {
    this.asked.push(`after ${after}`)
    if (this.broken) throw new Error('no house')
    return this.log.slice(after, after + limit)
  }
}
