import { expect, test } from 'vitest'
import { created, fold, lines, said, told, turn } from '#testing/live/logs.ts'
import { messageCount, shares } from './counts.ts'
import { words } from './state.ts'

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
      route: { provider: 'x', model: 'y' },
    }),
  ])
  expect(lines(state)).toMatchObject([
    { author: { name: 'stranger' }, ending: 'length', scripted: true, with: null, route: { model: 'y' } },
  ])
})

test('a choice stands with its cause, bids and moods until the next', () => {
  const state = fold([
    created,
    turn('a', {
      bids: [{ participant_id: 'q', value: 0.6, reason: 'owes' }],
      energy: 0.4,
      moods: { q: 'joy' },
    }),
    said('a', 'One'),
  ])
  expect(state.decision).toEqual({
    participantId: 'p',
    cause: 'owed',
    pauseMs: 5,
    bids: [{ participant_id: 'q', value: 0.6, reason: 'owes' }],
    energy: 0.4,
    moods: { q: 'joy' },
  })
  expect(fold([turn('b')], state).decision).toMatchObject({ energy: null, moods: {} })
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

test('an understudy found in the middle of a turn is named before the line it read, once', () => {
  const route = { provider: 'x', model: 'y', understudy_for: 'a/b', why: 'provider_down' }
  const state = fold([
    created,
    turn('a'),
    said('a', 'One', { route }),
    turn('b'),
    said('b', 'Two', { route }),
  ])
  expect(state.rows.map(({ kind }) => kind)).toEqual(['direction', 'line', 'line'])
  expect(told(state)).toEqual([{ type: 'understudy', participantId: 'p', route }])
  const back = fold([turn('c'), said('c', 'Three'), turn('d'), said('d', 'Four', { route })], state)
  expect(told(back)).toHaveLength(2)
  expect(told(fold([created, said('z', 'Unseen', { route })]))).toHaveLength(1)
})

test('what a line took and showed stays with it', () => {
  const usage = { input_tokens: 900, output_tokens: 40, cost: 0.002, estimated: false }
  const timings = { first_token_ms: 300, duration_ms: 1_200 }
  const picture = { id: 'img_1', width: 640, height: 480 }
  const state = fold([
    created,
    said('a', 'One', { usage, timings }),
    [
      'message.posted',
      { message_id: 'v', author: { kind: 'viewer', name: 'Anna' }, text: '', images: [picture] },
    ],
  ])
  expect(lines(state)).toMatchObject([
    { turnId: 'ta', usage, timings, pictures: [] },
    { turnId: null, usage: null, timings: null, pictures: [picture] },
  ])
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
    {
      type: 'turn.failed',
      turnId: 'ta',
      participantId: 'p',
      code: 'provider_down',
      detail: null,
      retryable: false,
    },
  ])
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
