import fc from 'fast-check'
import { expect, test } from 'vitest'
import { daysOf, payees, scaleOf, totalOf } from './spending.ts'

const line = (day: string, provider: string, amount: number, estimated = false) => ({
  day,
  provider,
  amount,
  calls: 2,
  tokens: 100,
  estimated,
})
const NOW = Date.parse('2026-11-22T23:30:00.000Z')
const LINES = [
  line('2026-11-21', 'openai', 1),
  line('2026-11-21', 'gemini', 2, true),
  line('2026-11-22', 'openai', 0.5),
  line('2026-11-22', 'ollama', 0),
]

test('days stand in a row, quiet ones too, and pieces on one another', () => {
  const days = daysOf(LINES, ['gemini', 'openai'], 3, NOW)
  expect(days.map(({ day, total }) => [day, total])).toEqual([
    ['2026-11-20', 0],
    ['2026-11-21', 3],
    ['2026-11-22', 0.5],
  ])
  expect(days[1]?.pieces).toEqual([
    { provider: 'gemini', amount: 2, from: 0, estimated: true },
    { provider: 'openai', amount: 1, from: 2, estimated: false },
  ])
})

test('who was paid stands by how much, and nobody who was not', () => {
  expect(payees(LINES)).toEqual(['gemini', 'openai'])
  expect(payees([line('2026-11-22', 'b', 1), line('2026-11-22', 'a', 1)])).toEqual(['a', 'b'])
})

test('one provider’s days are summed', () => {
  expect(totalOf(LINES, 'openai')).toEqual({ amount: 1.5, calls: 4, tokens: 200, estimated: false })
  expect(totalOf(LINES, 'gemini').estimated).toBe(true)
})

test('the scale is short, even, and holds the highest bar', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (highest) => {
      const scale = scaleOf(highest)
      expect(scale[0]).toBe(0)
      expect(scale.at(-1)).toBeGreaterThanOrEqual(highest * 0.99999)
      expect(scale.length).toBeLessThanOrEqual(4)
      expect(scale.length).toBeGreaterThanOrEqual(2)
    }),
  )
  expect(scaleOf(0)).toEqual([0])
  expect(scaleOf(2.4)).toEqual([0, 1, 2, 3])
})
