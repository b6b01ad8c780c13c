import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messageCount } from './counts.ts'
import type { Envelope } from './events.ts'
import { readOn } from './log.ts'
import { folded, glimpse, opened, prepend, type WireConversation, type WireMessage } from './opening.ts'
import { reduce } from './reduce.ts'
import { blank, type ConversationState } from './state.ts'

const conversation = (change: Partial<WireConversation> = {}): WireConversation => ({
  id: 'c',
  title: 'Tea',
  topic: 'Milk',
  status: 'running',
  head_seq: 0,
  created_at: 'x',
  pace: { mode: 'stream', speed: 1 },
  participants: [{ id: 'p', name: 'The Poet' }],
  message_count: 0,
  ...change,
})
const AT = '2026-11-22T21:00:00.000Z'
const event = (seq: number, type: string, body: object): Envelope => ({
  conversation_id: 'c',
  seq,
  type,
  at: AT,
  body: body as never,
})

/** A log as the server writes it: turns that end, viewers in between. */
const logs = fc
  .array(fc.constantFrom('turn', 'viewer', 'fail', 'topic', 'unknown'), { maxLength: 40 })
  .map((steps) => {
    const log: Envelope[] = []
    const add = (type: string, body: object) => log.push(event(log.length + 1, type, body))
    const turn = { participant_id: 'p', cause: 'owed', pause_ms: 1, bids: [] }
    add('conversation.created', { topic: 'Milk', title: 'Tea', participants: conversation().participants })
    add('conversation.started', {})
    for (const [n, step] of steps.entries()) {
      const ids = { turn_id: `t${n}`, message_id: `m${n}`, participant_id: 'p' }
      if (step === 'turn' || step === 'fail') add('turn.started', { ...turn, ...ids, generation: n + 1 })
      if (step === 'turn') add('message.completed', { ...ids, text: `line ${n}` })
      if (step === 'fail') add('turn.failed', { ...ids, code: 'timeout' })
      if (step === 'viewer')
        add('message.posted', { message_id: `v${n}`, author: { kind: 'viewer', name: 'Anna' }, text: 'hi' })
      if (step === 'topic') add('topic.changed', { topic: `topic ${n}` })
      if (step === 'unknown') add('weather.changed', {})
    }
    return log
  })
const said = (log: readonly Envelope[]) =>
  log.filter(({ type }) => type === 'message.completed' || type === 'message.posted').length
const resource = (log: readonly Envelope[]) =>
  conversation({ head_seq: log.length, message_count: said(log) })
const visible = ({ rows, headSeq, topics, notes }: ConversationState) => ({ rows, headSeq, topics, notes })

test('the state after a snapshot and later events is the state after a fresh snapshot', () => {
  fc.assert(
    fc.property(logs, fc.nat(), fc.nat(), (log, from, cut) => {
      const after = from % log.length
      const middle = Math.max(after, cut % (log.length + 1))
      const early = folded(resource(log.slice(0, middle)), after, log.slice(after, middle))
      const live = log.slice(middle).reduce(reduce, early)
      const fresh = folded(resource(log), after, log.slice(after))
      expect(visible(live)).toEqual(visible(fresh))
      expect(messageCount(live)).toBe(messageCount(fresh))
    }),
  )
})

test('paging back to the beginning gives what folding the whole log gives', () => {
  fc.assert(
    fc.property(logs, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (log, steps) => {
      let from = Math.max(0, log.length - 5)
      let state = folded(resource(log), from, log.slice(from))
      for (let n = 0; from > 0; n += 1) {
        const next = Math.max(0, from - (steps[n % steps.length] as number))
        state = prepend(state, log.slice(next, from))
        from = next
      }
      const whole = log.reduce(reduce, blank('c'))
      expect(state.rows.map(({ id }) => id).sort()).toEqual(whole.rows.map(({ id }) => id).sort())
      expect(state.notes).toEqual(whole.notes)
      expect(state.topics).toEqual(whole.topics)
      expect(state).toMatchObject({ fromSeq: 1, earlier: 0 })
    }),
  )
})

test('an older page that is empty changes nothing', () => {
  const state = opened(conversation(), 10)
  expect(prepend(state, [])).toBe(state)
})

test('what the resource leaves out is null, what it says is kept', () => {
  expect(opened(conversation(), 3)).toMatchObject({
    headSeq: 3,
    fromSeq: 4,
    startedAt: null,
    endedAt: null,
    pausedBecause: null,
    resumeAt: null,
    endedBecause: null,
  })
  const over = conversation({
    status: 'ended',
    started_at: 's',
    ended_at: 'e',
    paused_because: 'idle',
    resume_at: 'r',
    ended_because: 'lull',
  })
  expect(opened(over, 0)).toMatchObject({
    status: 'ended',
    startedAt: 's',
    endedAt: 'e',
    pausedBecause: 'idle',
    resumeAt: 'r',
    endedBecause: 'lull',
  })
})

test('the page’s own lines can be shown before the log is there', () => {
  const message: WireMessage = {
    id: 'm',
    seq: 2,
    author: { kind: 'persona', name: 'The Poet' },
    text: 'Hi',
    at: AT,
  }
  const full: WireMessage = {
    ...message,
    id: 'n',
    participant_id: 'p',
    scripted: true,
    ending: 'length',
    route: { provider: 'x', model: 'y' },
    with: { participant_id: 'q', offset: 1 },
    visibility: ['p', 'q'],
  }
  const { rows, earlier } = glimpse(conversation({ message_count: 9 }), [message, full])
  expect(rows).toMatchObject([
    {
      kind: 'line',
      id: 'm',
      participantId: null,
      scripted: false,
      ending: 'complete',
      route: null,
      draft: false,
      with: null,
      to: null,
    },
    {
      id: 'n',
      participantId: 'p',
      scripted: true,
      ending: 'length',
      route: { model: 'y' },
      with: { participantId: 'q', offset: 1 },
      to: ['q'],
    },
  ])
  expect(earlier).toBe(9)
})

test('the log is read page by page to its end', async () => {
  const asked: number[] = []
  const page = (after: number, limit: number) =>
    Array.from({ length: Math.min(limit, 450 - after) }, (_, n) => event(after + n + 1, 'x', {}))
  const source = {
    conversation: async () => null,
    events: async (_id: string, after: number, limit: number) => {
      asked.push(after)
      return page(after, limit)
    },
  }
  expect((await readOn(source, 'c', 0)).length).toBe(450)
  expect(asked).toEqual([0, 200, 400])
  expect(await readOn(source, 'c', 450)).toEqual([])
})
