import { expect, test } from 'vitest'
import { whole } from '#markdown/blocks.ts'
import { created, fold, said, turn, whisper } from '#testing/live/logs.ts'
import { announcement, type Node, plain } from './announcement.ts'

const read = (text: string) => whole(text) as readonly Node[]
const before = fold([created])
const started = fold([turn('a')], before)
const finished = fold([said('a', 'It *resolves*.')], started)

test('who begins to speak is named once', () => {
  expect(announcement(before, started, 'names', read)).toBe('The Poet speaks')
  expect(announcement(started, started, 'names', read)).toBeNull()
  expect(announcement(started, finished, 'names', read)).toBeNull()
  expect(
    announcement(before, fold([turn('a', { participant_id: 'stranger' })], before), 'names', read),
  ).toBeNull()
})

test('in full, a finished line is read without its marks', () => {
  expect(announcement(started, finished, 'full', read)).toBe('The Poet: It resolves.')
  expect(announcement(before, started, 'full', read)).toBe('The Poet speaks')
  expect(announcement(started, { ...finished, rows: [] }, 'full', read)).toBeNull()
})

test('two who speak together are named together, a whisper says to whom', () => {
  const both = fold([turn('a', { with: { participant_id: 'q' } })], before)
  expect(announcement(before, both, 'names', read)).toBe('The Poet and Quill speak')
  const done = fold([said('a', 'Tea. Rain.', { with: { participant_id: 'q', offset: 5 } })], both)
  expect(announcement(both, done, 'full', read)).toBe('The Poet and Quill: Tea. Rain.')
  const whispered = fold([whisper(said('b', 'Psst.'), ['p', 'q'])], done)
  expect(announcement(done, whispered, 'full', read)).toBe('The Poet, aside to Quill: Psst.')
})

test('switched off, nothing is said', () => {
  expect(announcement(before, started, 'off', read)).toBeNull()
})

test('a text is read as it is heard', () => {
  expect(plain(read('# Title\n\nSay `a` and **b**.\n\n- one\n- two\n\n<b>x</b>'))).toBe(
    'Title Say a and b. one. two x',
  )
})
