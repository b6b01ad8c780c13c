import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Note } from '#live/state.ts'
import { heightOf, noteAt, outline, readable, scoreOf } from './score.ts'

const note = (seq: number, change: Partial<Note> = {}): Note => ({
  id: `m${seq}`,
  seq,
  participantId: 'p',
  with: null,
  words: 12,
  warmth: null,
  at: '',
  ...change,
})
const notes = (count: number) => Array.from({ length: count }, (_, n) => note(n + 1))

test('a bar grows with the words, within its bounds', () => {
  expect([heightOf(0), heightOf(1), heightOf(10_000)]).toEqual([3, 3.4, 22])
})

test('a bar says whether its message warmed or cooled, and stands across the line when it did neither', () => {
  const { bars } = scoreOf(
    [note(1), note(2, { warmth: 0.3 }), note(3, { warmth: -0.3 }), note(4, { warmth: 0 })],
    [],
    400,
  )
  expect(bars.map(({ up, down }) => [up > 0, down > 0])).toEqual([
    [true, true],
    [true, false],
    [false, true],
    [true, false],
  ])
})

test('however many messages there are, they fit, and every one is found under its place', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 40, max: 3_000 }), (count, width) => {
      const score = scoreOf(notes(count), [], width)
      expect(score.end).toBeLessThanOrEqual(width + 0.001)
      expect(score.bars.length * score.perBar).toBeGreaterThanOrEqual(count)
      expect(noteAt(score, 0, count)).toBe(0)
      expect(noteAt(score, width, count)).toBeLessThan(count)
      expect(score.slot).toBeLessThanOrEqual(8)
    }),
  )
})

test('bars that stand for several messages take the loudest speaker and the sum of warmth', () => {
  const loud = note(2, { words: 90, participantId: 'q', warmth: -1 })
  const { bars, perBar } = scoreOf([note(1, { warmth: 0.2 }), loud], [], 4)
  expect(perBar).toBe(2)
  expect(bars).toMatchObject([{ participantId: 'q', up: 0, down: 22 }])
})

test('an empty score has neither bars nor an end', () => {
  expect(scoreOf([], [{ topic: 'Tea', seq: 1 }], 0)).toMatchObject({
    bars: [],
    end: 0,
    marks: [{ topic: 'Tea', x: 0 }],
  })
})

test('a topic stands where its first message will be', () => {
  const { marks } = scoreOf(
    notes(4),
    [
      { topic: 'a', seq: 0 },
      { topic: 'b', seq: 2 },
      { topic: 'c', seq: 9 },
    ],
    400,
  )
  expect(marks.map(({ x }) => x)).toEqual([0, 16, 32])
})

test('one outline draws all bars of a colour around the line', () => {
  const { bars } = scoreOf([note(1, { warmth: 1, words: 10_000 })], [], 400)
  expect(outline(bars, 25)).toBe('M0.0 3.0h5.6v22.0h-5.6z')
  expect(outline([], 25)).toBe('')
})

test('topic names that would overlap are left out, the newest stays', () => {
  const marks = [
    { x: 0, topic: 'a' },
    { x: 50, topic: 'b' },
    { x: 120, topic: 'c' },
  ]
  expect(readable(marks, 100).map(({ topic }) => topic)).toEqual(['a', 'c'])
})
