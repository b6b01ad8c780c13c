import { expect, test } from 'vitest'
import { AT, created, fold, lines, PEOPLE, said, told, turn } from '#testing/live/logs.ts'
import { messageCount } from './counts.ts'

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

test('somebody known joins again, somebody new takes a seat, a stranger without a sheet takes none', () => {
  const left = fold([created, ['participant.left', { participant_id: 'p' }]])
  expect(left.participants[0]?.present).toBe(false)
  expect(
    fold([['participant.joined', { participant_id: 'p', participant: PEOPLE[0] }]], left).participants.map(
      ({ present }) => present,
    ),
  ).toEqual([true, true])
  const sheet = { id: 'r', name: 'Rook' }
  expect(
    fold([['participant.joined', { participant_id: 'r', participant: sheet }]], left).participants,
  ).toHaveLength(3)
  expect(fold([['participant.joined', { participant_id: 'r' }]], left).participants).toHaveLength(2)
})

test('a seat that is recast is told once, and stays muted if it was', () => {
  const muted = fold([created, ['participant.muted', { participant_id: 'p' }]])
  const sheet = { ...PEOPLE[0], provider: 'ollama', model: 'qwen3:8b' }
  const state = fold([['participant.joined', { participant_id: 'p', participant: sheet }]], muted)
  expect(state.participants).toHaveLength(2)
  expect(state.participants[0]).toMatchObject({ model: 'qwen3:8b', muted: true, present: true })
  expect(told(state).at(-1)).toEqual({
    type: 'participant.recast',
    participantId: 'p',
    provider: 'ollama',
    model: 'qwen3:8b',
  })
})

test('what the cast felt last stays known after the end', () => {
  const state = fold([
    created,
    turn('a', { moods: { q: 'joy' } }),
    said('a', 'Yes.'),
    ['conversation.ended', { because: 'lull' }],
  ])
  expect(state.decision?.moods).toEqual({ q: 'joy' })
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

test('an unknown event only moves the head', () => {
  const before = fold([created])
  expect(fold([['weather.changed', {}]], before)).toEqual({ ...before, headSeq: 2 })
  expect(fold([['toString', {}]], before).headSeq).toBe(2)
})
