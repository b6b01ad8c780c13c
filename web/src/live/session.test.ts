import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Envelope } from './events.ts'
import type { EventFrame, FeedFrame, Snapshot } from './protocol.ts'
import { begin, heartbeat, receive, refill, type Session } from './session.ts'
import { blank } from './state.ts'

const CONVERSATION = 'c'
const posted = (seq: number): Envelope => ({
  conversation_id: CONVERSATION,
  seq,
  type: 'message.posted',
  at: '2026-11-22T21:00:00.000Z',
  body: { message_id: `m${seq}`, author: { kind: 'viewer', name: 'Anna' }, text: `line ${seq}` },
})
const frame = (envelope: Envelope): EventFrame => ({ ...envelope, kind: 'event' })
const turn = (seq: number, generation = 1): Envelope => ({
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
const delta = (offset: number, text: string, generation = 1): FeedFrame => ({
  kind: 'signal',
  conversation_id: CONVERSATION,
  type: 'message.delta',
  body: { message_id: 'd', participant_id: 'p', generation, offset, text },
})
const snapshot = (change: Partial<Snapshot> = {}): Snapshot => ({
  kind: 'control',
  type: 'snapshot',
  conversation_id: CONVERSATION,
  status: 'running',
  generation: 1,
  from_seq: 1,
  head_seq: 0,
  truncated: false,
  viewers: 4,
  ...change,
})
const signal = (type: string, body: object) =>
  ({ kind: 'signal', conversation_id: CONVERSATION, type, body }) as unknown as FeedFrame
const feed = (frames: readonly FeedFrame[], from: Session = begin(blank(CONVERSATION)), now = 0) =>
  frames.reduce((session, each) => receive(session, each, now).session, from)
const texts = ({ state }: Session) =>
  state.rows.map((row) => (row.kind === 'line' ? row.text : row.what.type))

test('whatever is lost, repeated or out of order: every event is folded once and in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 25 }),
      fc.array(fc.record({ seq: fc.nat(40), beat: fc.boolean() }), { maxLength: 120 }),
      (head, arrivals) => {
        const log = Array.from({ length: head }, (_, index) => posted(index + 1))
        let session = begin(blank(CONVERSATION))
        const heal = (need: unknown) => {
          if (need === 'events') session = refill(session, log.slice(session.state.headSeq), 0).session
        }
        for (const { seq, beat } of arrivals) {
          const step = beat
            ? heartbeat(session, head)
            : receive(session, frame(log[seq % head] as Envelope), 0)
          session = step.session
          if (seq % 3 === 0) heal(step.need)
        }
        heal('events')
        expect(texts(session)).toEqual(log.map(({ body }) => body.text))
        expect(session.state.headSeq).toBe(head)
      },
    ),
  )
})

test('a gap asks for events once and holds what comes until they are there', () => {
  const gap = receive(begin(blank(CONVERSATION)), frame(posted(2)), 0)
  expect(gap.need).toBe('events')
  const more = receive(gap.session, frame(posted(3)), 0)
  expect(more.need).toBeNull()
  const healed = refill(more.session, [posted(1)], 0)
  expect(healed.need).toBeNull()
  expect(texts(healed.session)).toEqual(['line 1', 'line 2', 'line 3'])
})

test('a refill that is too short asks again', () => {
  const gap = receive(begin(blank(CONVERSATION)), frame(posted(4)), 0).session
  const short = refill(gap, [posted(1)], 0)
  expect(short.need).toBe('events')
  expect(texts(refill(short.session, [posted(2), posted(3)], 0).session)).toHaveLength(4)
})

test('what is held has a bound; the rest comes with the next refill', () => {
  let session = receive(begin(blank(CONVERSATION)), frame(posted(2)), 0).session
  for (let seq = 3; seq < 2_100; seq += 1) session = receive(session, frame(posted(seq)), 0).session
  expect(session.held).toHaveLength(2_000)
})

test('a refill without a gap folds what is new', () => {
  expect(texts(refill(begin(blank(CONVERSATION)), [posted(1), posted(1)], 0).session)).toEqual(['line 1'])
})

test('a heartbeat ahead of us asks for the lost last event, one beside us does not', () => {
  const session = feed([frame(posted(1))])
  expect(heartbeat(session, 1).need).toBeNull()
  const behind = heartbeat(session, 2)
  expect(behind.need).toBe('events')
  expect(heartbeat(behind.session, 3).need).toBeNull()
})

test('a lost piece asks for the draft, also when it was held during a refill', () => {
  const session = feed([frame(turn(1))])
  expect(receive(session, delta(5, 'x'), 0).need).toBe('snapshot')
  const held = feed([delta(5, 'x'), delta(0, 'ab')], heartbeat(session, 2).session)
  const healed = refill(held, [posted(2)], 0)
  expect(healed.need).toBe('snapshot')
  expect(healed.session.drafts.byMessage.get('d')?.text).toBe('ab')
})

test('a failed turn that is tried again asks when; what was known of the next turn is forgotten', () => {
  const failed = (seq: number, retryable: boolean): EventFrame =>
    frame({
      ...posted(seq),
      type: 'turn.failed',
      body: { turn_id: 't', message_id: 'd', participant_id: 'p', code: 'provider_down', retryable },
    })
  const session = feed([frame(turn(1)), snapshot({ next_turn_at: '2026-11-22T21:00:09.000Z' })])
  const step = receive(session, failed(2, true), 0)
  expect(step.need).toBe('snapshot')
  expect(step.session.nextTurnAt).toBeNull()
  expect(receive(session, failed(2, false), 0).need).toBeNull()
})

test('a piece of a message without an open turn raises no ghost', () => {
  expect(feed([delta(0, 'boo')]).drafts.byMessage.size).toBe(0)
})

test('a draft ends with its message, its failure, its withdrawal or a newer generation', () => {
  const speaking = feed([frame(turn(1, 2)), delta(0, 'ab', 2)])
  const ended = (type: string) =>
    feed([frame({ ...turn(2), type, body: { message_id: 'd', participant_id: 'p', text: '' } })], speaking)
  expect(ended('message.completed').drafts.byMessage.size).toBe(0)
  expect(ended('turn.failed').drafts.byMessage.size).toBe(0)
  expect(
    feed([signal('draft.withdrawn', { message_id: 'd', generation: 2 })], speaking).drafts.byMessage.size,
  ).toBe(0)
  expect(feed([signal('draft.withdrawn', { message_id: 'd', generation: 1 })], speaking)).toBe(speaking)
  expect(feed([frame(turn(2, 3))], speaking).drafts.byMessage.size).toBe(0)
})

test('a snapshot brings viewers, the time of the next turn and the draft', () => {
  const draft = { message_id: 'd', participant_id: 'p', generation: 1, text: 'so far' }
  const session = feed([snapshot({ draft, next_turn_at: '2026-11-22T21:00:09.000Z' })])
  expect(session).toMatchObject({ viewers: 4, nextTurnAt: '2026-11-22T21:00:09.000Z' })
  expect(session.drafts.byMessage.get('d')?.text).toBe('so far')
  expect(feed([snapshot()]).nextTurnAt).toBeNull()
})

test('a snapshot that skips events we have not seen asks to open anew', () => {
  const cut = snapshot({ truncated: true, from_seq: 5_000, head_seq: 5_199 })
  expect(receive(begin(blank(CONVERSATION)), cut, 0).need).toBe('reopen')
  expect(receive(begin({ ...blank(CONVERSATION), headSeq: 4_999 }), cut, 0).need).toBeNull()
})

test('somebody about to speak is shown until they do, stop, or fifteen seconds pass', () => {
  const typing = (on: boolean, business?: string) =>
    signal('participant.typing', { participant_id: 'p', on, ...(business && { business }) })
  const about = feed([typing(true, 'hums')], undefined, 100)
  expect(about.typing.get('p')).toEqual({ business: 'hums', until: 15_100 })
  expect(feed([typing(true)]).typing.get('p')?.business).toBeNull()
  expect(feed([typing(false)], about).typing.size).toBe(0)
  expect(feed([typing(false)]).typing.size).toBe(0)
  expect(feed([frame(turn(1))], about).typing.size).toBe(0)
})

test('presence counts the house', () => {
  expect(feed([signal('presence', { viewers: 1_204 })]).viewers).toBe(1_204)
})
