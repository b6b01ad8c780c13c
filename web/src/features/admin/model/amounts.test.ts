import { expect, test } from 'vitest'
import { amountOf, typed, wholeOf } from './amounts.ts'

test.each([
  ['', null, true],
  ['5', 5, true],
  ['$2.50', 2.5, true],
  ['2,50', 2.5, true],
  ['0', null, false],
  ['-1', null, false],
  ['1e9', null, false],
  ['2000000', null, false],
  ['a lot', null, false],
])('the amount %j', (text, value, ok) => {
  expect(amountOf(text)).toEqual({ value, ok })
})

test.each([
  ['', null, true],
  ['60', 60, true],
  ['100 000', 100_000, true],
  ['100,000', 100_000, true],
  ['0', null, false],
  ['1.5', null, false],
  ['many', null, false],
])('the number %j', (text, value, ok) => {
  expect(wholeOf(text)).toEqual({ value, ok })
})

test('what is not set is an empty field', () => {
  expect([typed(null), typed(undefined), typed(2.5)]).toEqual(['', '', '2.5'])
})
