import { expect, test } from 'vitest'
import { conversation } from '#testing/fixtures.ts'
import { AT, created, fold, type Said, said, told } from '#testing/live/logs.ts'
import type { Envelope } from './events.ts'
import { glimpse, opened, prepend } from './opening.ts'
import { blank } from './state.ts'

const US = { type: 'viewer', id: 'host' }
const SOMEBODY = { type: 'viewer', id: 'usr_2' }
const given = (emoji: string, actor = SOMEBODY): Said => [
  'reaction.added',
  { message_id: 'a', emoji, viewers: 2 },
  actor,
]
const taken = (emoji: string, actor = SOMEBODY): Said => [
  'reaction.removed',
  { message_id: 'a', emoji },
  actor,
]

test('reactions are counted by emoji, taken back, and known as ours', () => {
  const state = fold([created, said('a', 'One'), given('👏'), given('👏', US), given('🔥'), taken('🔥')])
  expect(state.reactions.a).toEqual({ '👏': { count: 2, mine: 1 }, '🔥': { count: 0, mine: 0 } })
})

test('one is known by the name that the house gives to the browser', () => {
  const me = { type: 'viewer', id: 'vwr_1' }
  const begun = opened({ ...conversation('cnv_1'), viewer: 'vwr_1' }, 0)
  const state = fold([created, said('a', 'One'), given('👏'), given('🔥', me), given('❤', US)], begun)
  expect(state.reactions.a).toMatchObject({ '👏': { mine: 0 }, '🔥': { mine: 1 }, '❤': { mine: 0 } })
})

test('whatever moves the stalls is noted, so that their lists are asked anew', () => {
  const poll: Said = ['poll.opened', { poll_id: 'pol_1' }]
  expect(fold([created, said('a', 'One')]).stallsSeq).toBe(0)
  expect(fold([created, poll, said('a', 'One')]).stallsSeq).toBe(2)
})

test('what the cast gives is not ours', () => {
  const state = fold([created, said('a', 'One'), given('❤', { type: 'participant', id: 'q' })])
  expect(state.reactions.a).toEqual({ '❤': { count: 1, mine: 0 } })
})

test('a reaction counts also when the line it is for is loaded later', () => {
  const older = [
    { conversation_id: 'c', seq: 1, type: 'conversation.created', at: AT, body: created[1] },
    { conversation_id: 'c', seq: 2, type: 'message.completed', at: AT, body: said('a', 'One')[1] },
    { conversation_id: 'c', seq: 3, type: 'reaction.added', at: AT, body: given('👏')[1], actor: US },
  ] as Envelope[]
  const newer = fold([given('👏'), taken('👏', US)], { ...blank('c'), headSeq: 3, fromSeq: 4 })
  expect(prepend(newer, older).reactions.a).toEqual({ '👏': { count: 1, mine: 0 } })
})

test('the first picture shows the counts it came with', () => {
  const state = glimpse(conversation('cnv_1'), [
    {
      id: 'a',
      seq: 3,
      author: { kind: 'persona', name: 'The Poet' },
      text: 'One',
      at: AT,
      reactions: { '👏': 2, '🔥': 1 },
      mine: ['🔥'],
    },
  ])
  expect(state.reactions.a).toEqual({ '👏': { count: 2, mine: 0 }, '🔥': { count: 1, mine: 1 } })
})

test('alliances and hostility are told, small changes are not', () => {
  const change = (more: object): Said => [
    'relation.changed',
    { from: 'p', to: 'q', affinity: 0.4, delta: 0.1, evidence: 'a', ...more },
  ]
  const state = fold([
    created,
    said('a', 'One'),
    change({}),
    change({ alliance: 'formed' }),
    change({ conflict: 'heated' }),
    change({ alliance: 'ended', conflict: 'hostile' }),
  ])
  expect(told(state)).toEqual([
    { type: 'alliance', from: 'p', to: 'q', formed: true },
    { type: 'alliance', from: 'p', to: 'q', formed: false },
    { type: 'hostile', from: 'p', to: 'q' },
  ])
  expect(state.bondSeq).toBe(6)
})

test('who sits out is told apart from who was muted by hand', () => {
  const state = fold([
    created,
    ['participant.muted', { participant_id: 'p', because: 'conflict' }],
    ['participant.muted', { participant_id: 'q' }],
  ])
  expect(told(state)).toMatchObject([{ because: 'conflict' }, { because: null }])
  expect(state.participants.every(({ muted }) => muted)).toBe(true)
})
