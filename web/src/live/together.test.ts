import { expect, test } from 'vitest'
import { created, fold, lines, said, turn, whisper } from '#testing/live/logs.ts'
import { shares } from './counts.ts'

const partner = { participant_id: 'q', route: { provider: 'x', model: 'y' } }

test('two speak one line: both are known from its beginning, the second part from its end', () => {
  const begun = fold([created, turn('a', { with: partner })])
  expect(begun.turns).toMatchObject([{ participantId: 'p', with: 'q' }])
  expect(lines(begun)).toMatchObject([{ draft: true, with: { participantId: 'q', offset: null } }])
  const done = fold([said('a', 'Tea is warm. And wet.', { with: { ...partner, offset: 13 } })], begun)
  expect(lines(done)).toMatchObject([{ draft: false, with: { participantId: 'q', offset: 13 } }])
})

test('a first part that stands alone is one speaker’s line', () => {
  const state = fold([created, turn('a', { with: partner }), said('a', 'Tea is warm.')])
  expect(lines(state)).toMatchObject([{ with: null }])
  expect(shares(state)).toEqual([
    { id: 'p', share: 1 },
    { id: 'q', share: 0 },
  ])
})

test('each of two has half of their line', () => {
  const state = fold([
    created,
    said('a', 'one two three four', { with: { ...partner, offset: 8 } }),
    said('b', 'five six'),
  ])
  expect(shares(state)).toEqual([
    { id: 'p', share: 4 / 6 },
    { id: 'q', share: 2 / 6 },
  ])
})

test('a whisper says who hears it, from its beginning on; what all hear says nothing', () => {
  const begun = fold([created, whisper(turn('a'), ['p', 'q'])])
  expect(lines(begun)[0]?.to).toEqual(['q'])
  expect(lines(fold([whisper(said('a', 'Psst.'), ['p', 'q'])], begun))[0]?.to).toEqual(['q'])
  expect(lines(fold([created, said('a', 'Hear, hear.')]))[0]?.to).toBeNull()
  const viewer = { message_id: 'v', author: { kind: 'viewer', name: 'Anna' }, text: 'Only you.', to: 'q' }
  expect(lines(fold([created, whisper(['message.posted', viewer], ['q'])]))[0]?.to).toEqual(['q'])
})
