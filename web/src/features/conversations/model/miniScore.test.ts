import fc from 'fast-check'
import { expect, test } from 'vitest'
import { miniScore } from './miniScore.ts'

const notes = fc.array(
  fc.record({ who: fc.integer({ min: -1, max: 7 }), words: fc.integer({ min: 0, max: 400 }) }),
  { maxLength: 500 },
)

test('there are never more bars than room, and none is higher than the score', () => {
  fc.assert(
    fc.property(notes, fc.integer({ min: 1, max: 60 }), (all, most) => {
      const bars = miniScore(
        all.map(({ who }) => who),
        all.map(({ words }) => words),
        most,
      )
      expect(bars.length).toBeLessThanOrEqual(most)
      expect(bars.length > 0).toBe(all.length > 0)
      for (const { height } of bars) {
        expect(height).toBeGreaterThanOrEqual(0)
        expect(height).toBeLessThanOrEqual(1)
      }
    }),
  )
})

test('with room for all, every message is its speaker’s bar', () => {
  expect(miniScore([2, 0, -1], [10, 20, 5], 40).map(({ participant }) => participant)).toEqual([2, 0, -1])
})

test('a stretch belongs to whoever said most in it', () => {
  expect(miniScore([0, 1, 0, 1], [5, 3, 5, 9], 1)).toMatchObject([{ participant: 1 }])
})
