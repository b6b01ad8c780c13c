import { expect, test } from 'vitest'
import { sayCost, sayMoney } from './money.ts'

test.each([
  [0, '$0.00'],
  [0.00001, '< $0.0001'],
  [0.0042, '$0.0042'],
  [0.05, '$0.05'],
  [0.42, '$0.42'],
  [12.4, '$12.40'],
  [1234.5, '$1,234.50'],
])('%d is %s', (amount, said) => {
  expect(sayMoney(amount)).toBe(said)
})

test('what nobody reported is marked', () => {
  expect(sayCost(1, true)).toBe('≈ $1.00')
  expect(sayCost(1, false)).toBe('$1.00')
  expect(sayCost(0.00001, true)).toBe('< $0.0001')
})
