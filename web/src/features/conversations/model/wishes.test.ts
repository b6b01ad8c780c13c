import { expect, test } from 'vitest'
import type { WireBid } from '#live/events.ts'
import { leftOut, NO_REASON, reasonOf } from './wishes.ts'

const bid = (part: Partial<WireBid> = {}): WireBid => ({
  participant_id: 'p',
  value: 0.04,
  reason: 'thread',
  ...part,
})

test.each([
  [{ terms: { thread: 0.8, topic: 0.2 } }, 'thread'],
  [{ terms: { thread: 0.04, topic: 0.03 } }, NO_REASON],
  [{ terms: { thread: 0.3, topic: 0.2, waiting: 0.25 } }, 'waiting'],
  [{ terms: { thread: 0.09, topic: 0.02, energy: -0.5 } }, NO_REASON],
  [{ reason: 'addressed', terms: { thread: 0.04 } }, 'addressed'],
  [{}, 'thread'],
])('a wish is told by what weighs: %j', (part, code) => {
  expect(reasonOf(bid(part))).toBe(code)
})

test('nobody is told to have been left out of a draw that was not made', () => {
  const [one, other] = [bid({ chance: 0, value: 0.9 }), bid({ chance: 0.7 })]
  expect(leftOut(one, [one, other], 'q')).toBe(true)
  expect(leftOut(other, [one, other], 'q')).toBe(false)
  expect(leftOut(one, [one], 'q')).toBe(false)
  expect(leftOut(one, [one, other], 'p')).toBe(false)
  expect(leftOut(bid(), [bid(), other], 'q')).toBe(false)
})
