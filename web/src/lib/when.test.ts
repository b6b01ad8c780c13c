import { expect, test } from 'vitest'
import { sayWhen } from './when.ts'

const now = new Date(2026, 10, 22, 21, 30)
const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString()

test.each([
  [at(2026, 10, 22, 21, 7), 'today, 21:07'],
  [at(2026, 10, 21, 9, 5), 'yesterday, 09:05'],
  [at(2026, 10, 3, 21, 7), '3 Nov, 21:07'],
  [at(2025, 10, 3, 21, 7), '3 Nov 2025'],
])('%s is said as people say it', (moment, said) => {
  expect(sayWhen(moment, now)).toBe(said)
})

test('yesterday is found across a month’s end', () => {
  expect(sayWhen(at(2026, 9, 31, 8, 0), new Date(2026, 10, 1, 7, 0))).toBe('yesterday, 08:00')
})
