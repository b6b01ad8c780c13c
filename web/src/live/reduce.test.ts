import { expect, test } from 'vitest'
import type { Envelope } from './events.ts'
import { reduce } from './reduce.ts'
import {
  blank,
  type ConversationState,
  type Direction,
  type Line,
  messageCount,
  shares,
  words,
} from './state.ts'

const AT = '2026-11-22T21:00:00.000Z'
const people = [
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

function fold(
  bodies: readonly (readonly [type: string, body: object])[],
  from: ConversationState = blank('c'),
) {
  return bodies.reduce<ConversationState>((state, [type, body]) => {
    const event = { conversation_id: 'c', seq: state.headSeq + 1, type, at: AT, body } as Envelope
    return reduce(state, event)
  }, from)
}

const created = ['conversation.created', { topic: 'Tea', participants: people, seed: 1 }] as const
const turn = (message_id: string, change: object = {}) =>
  [
    'turn.started',
    {
      turn_id: `t${message_id}`,
      message_id,
      participant_id: 'p',
      generation: 1,
      cause: 'owed',
      pause_ms: 5,
      bids: [],
      ...change,
    },
  ] as const
const said = (message_id: string, text: string, change: object = {}) =>
  [
    'message.completed',
    { turn_id: `t${message_id}`, message_id, participant_id: 'p', text, ...change },
  ] as const
const lines = ({ rows }: ConversationState) => rows.filter((row): row is Line => row.kind === 'line')
const told = ({ rows }: ConversationState) =>
  rows.filter((row): row is Direction => row.kind === 'direction').map(({ what }) => what)

test('a conversation without a title is called by its topic, and paces itself', () => {
  expect(fold([created])).toMatchObject({
    title: 'Tea',
    topic: 'Tea',
    pace: { mode: 'stream', speed: 1 },
    topics: [{ topic: 'Tea', seq: 1 }],
  })
  const slow = fold([
    [
      'conversation.created',
      { title: 'T', topic: 'Tea', participants: [], pace: { mode: 'human', speed: 0.35 } },
    ],
  ])
  expect(slow).toMatchObject({ title: 'T', pace: { mode: 'human', speed: 0.35 } })
})

test('the cast already known from the resource is kept', () => {
  const known = fold([created])
  expect(
    fold([['conversation.created', { topic: 'Tea', participants: [] }]], known).participants,
  ).toHaveLength(2)
})

test('a participant of whom little is said gets the least', () => {
  expect(fold([created]).participants[1]).toEqual({
    id: 'q',
    name: 'Quill',
    short: 'Quill',
    slug: '',
    personaId: '',
    color: '',
    mask: 'q',
    provider: '',
    model: '',
    muted: false,
    present: true,
  })
})

test('a pause says why and until when, going on forgets both', () => {
  const paused = fold([created, ['conversation.paused', { because: 'providers_down', resume_at: AT }]])
  expect(paused).toMatchObject({
    status: 'paused',
    pausedAt: AT,
    pausedBecause: 'providers_down',
    resumeAt: AT,
  })
  expect(fold([['conversation.resumed', {}]], paused)).toMatchObject({
    status: 'running',
    pausedAt: null,
    pausedBecause: null,
    resumeAt: null,
  })
  expect(fold([['conversation.paused', {}]]).pausedBecause).toBeNull()
})

test('the end says because of what and whether a finale was played', () => {
  expect(told(fold([['conversation.ended', { because: 'turns', finale: true }]]))).toEqual([
    { type: 'conversation.ended', because: 'turns', finale: true },
  ])
  expect(told(fold([['conversation.ended', { because: 'lull' }]]))).toEqual([
    { type: 'conversation.ended', because: 'lull', finale: false },
  ])
})

test('a message takes the place where its turn began, behind it stands what a viewer said meanwhile', () => {
  const state = fold([
    created,
    turn('a'),
    ['message.posted', { message_id: 'v', author: { kind: 'viewer', name: 'Anna' }, text: 'Hi' }],
    said('a', 'One two'),
  ])
  expect(lines(state).map(({ id, draft }) => [id, draft])).toEqual([
    ['a', false],
    ['v', false],
  ])
  expect(state.turns).toEqual([])
  expect(messageCount(state)).toBe(2)
})

test('a message whose turn was never seen goes to the end, under its own id when nobody knows the speaker', () => {
  const state = fold([
    created,
    said('a', 'One', {
      participant_id: 'stranger',
      ending: 'length',
      scripted: true,
      with: 'q',
      route: { provider: 'x', model: 'y' },
    }),
  ])
  expect(lines(state)).toMatchObject([
    { author: { name: 'stranger' }, ending: 'length', scripted: true, with: 'q', route: { model: 'y' } },
  ])
})

test('a choice stands with its cause and bids until the next', () => {
  const state = fold([
    created,
    turn('a', { bids: [{ participant_id: 'q', value: 0.6, reason: 'owes' }] }),
    said('a', 'One'),
  ])
  expect(state.decision).toEqual({
    participantId: 'p',
    cause: 'owed',
    pauseMs: 5,
    bids: [{ participant_id: 'q', value: 0.6, reason: 'owes' }],
  })
})

test('a second speaker at once is introduced; a newer generation replaces the fenced one', () => {
  const both = fold([created, turn('a'), turn('b', { participant_id: 'q' })])
  expect(told(both)).toEqual([{ type: 'overlap', participantId: 'q' }])
  expect(both.turns.map(({ messageId }) => messageId)).toEqual(['a', 'b'])
  const newer = fold([turn('c', { generation: 2 })], both)
  expect(lines(newer).map(({ id }) => id)).toEqual(['c'])
})

test('an understudy is announced once, and again only after a line of their own', () => {
  const route = { provider: 'x', model: 'y', understudy_for: 'z' }
  const twice = fold([created, turn('a', { route }), said('a', 'One', { route }), turn('b', { route })])
  expect(told(twice)).toEqual([{ type: 'understudy', participantId: 'p', route }])
  expect(lines(twice)[0]?.scripted).toBe(false)
})

test('the scripted troupe is known from the start of its turn', () => {
  expect(
    lines(fold([created, turn('a', { route: { provider: 'scripted', model: 'm' } })]))[0]?.scripted,
  ).toBe(true)
})

test('a failed turn leaves a direction and no line', () => {
  const state = fold([
    created,
    turn('a'),
    ['turn.failed', { turn_id: 'ta', message_id: 'a', participant_id: 'p', code: 'provider_down' }],
  ])
  expect(lines(state)).toEqual([])
  expect(told(state)).toEqual([
    { type: 'turn.failed', participantId: 'p', code: 'provider_down', detail: null, retryable: false },
  ])
})

test('somebody known joins again, somebody new takes a seat, a stranger without a sheet takes none', () => {
  const left = fold([created, ['participant.left', { participant_id: 'p' }]])
  expect(left.participants[0]?.present).toBe(false)
  expect(
    fold([['participant.joined', { participant_id: 'p', participant: people[0] }]], left).participants.map(
      ({ present }) => present,
    ),
  ).toEqual([true, true])
  const sheet = { id: 'r', name: 'Rook' }
  expect(
    fold([['participant.joined', { participant_id: 'r', participant: sheet }]], left).participants,
  ).toHaveLength(3)
  expect(fold([['participant.joined', { participant_id: 'r' }]], left).participants).toHaveLength(2)
})

test('muting, inviting, renaming, pacing and a new topic are seen', () => {
  const state = fold([
    created,
    ['participant.muted', { participant_id: 'q' }],
    ['participant.invited', { participant_id: 'p' }],
    ['conversation.renamed', { title: 'New' }],
    ['conversation.paced', { pace: { mode: 'instant', speed: 2 } }],
    ['topic.changed', { topic: 'Milk' }],
    ['topic.changed', { topic: 'Salt', cause: 'viewer' }],
  ])
  expect(state).toMatchObject({ title: 'New', topic: 'Salt', pace: { mode: 'instant' } })
  expect(state.participants[1]?.muted).toBe(true)
  expect(fold([['participant.unmuted', { participant_id: 'q' }]], state).participants[1]?.muted).toBe(false)
  expect(told(state).map(({ type }) => type)).toEqual([
    'participant.muted',
    'participant.invited',
    'topic.changed',
    'topic.changed',
  ])
})

test('clearing forgets what was said up to a seq', () => {
  const state = fold([
    created,
    said('a', 'One'),
    said('b', 'Two'),
    ['conversation.cleared', { up_to_seq: 2 }],
  ])
  expect(lines(state).map(({ id }) => id)).toEqual(['b'])
  expect(messageCount(state)).toBe(1)
})

test('a struck line keeps its place without its words', () => {
  const state = fold([
    created,
    said('a', 'Secret'),
    said('b', 'Open'),
    ['message.redacted', { message_id: 'a' }],
  ])
  expect(lines(state).map(({ text, redacted }) => [text, redacted])).toEqual([
    ['', true],
    ['Open', false],
  ])
})

test('relations warm the bar of the message they cite', () => {
  const warmed = (evidence: unknown, delta: number) =>
    ['relation.changed', { from: 'p', to: 'q', affinity: 0, delta, evidence }] as const
  const state = fold([
    created,
    said('a', 'One'),
    warmed('a', 0.2),
    warmed({ message_id: 'a' }, -0.5),
    warmed('gone', 1),
  ])
  expect(state.notes.map(({ warmth }) => warmth)).toEqual([expect.closeTo(-0.3)])
})

test('an unknown event only moves the head', () => {
  const before = fold([created])
  expect(fold([['weather.changed', {}]], before)).toEqual({ ...before, headSeq: 2 })
  expect(fold([['toString', {}]], before).headSeq).toBe(2)
})

test('shares count the words of the cast, those of viewers are theirs', () => {
  expect(shares(fold([created]))).toEqual([
    { id: 'p', share: 0 },
    { id: 'q', share: 0 },
  ])
  const state = fold([
    created,
    said('a', 'one two three'),
    said('b', 'four', { participant_id: 'q' }),
    [
      'message.posted',
      { message_id: 'v', author: { kind: 'viewer', name: 'Anna' }, text: 'many many words' },
    ],
    said('c', 'five six', { participant_id: 'p' }),
    ['participant.left', { participant_id: 'q' }],
  ])
  expect(shares(state)).toEqual([
    { id: 'p', share: 5 / 6 },
    { id: 'q', share: 1 / 6 },
  ])
  expect(shares(fold([['participant.left', { participant_id: 'q' }]], fold([created])))).toHaveLength(1)
  expect(words('  ')).toBe(0)
})
