import { expect, test } from 'vitest'
import { keepKeys, takeKeys } from './earlyKeys.ts'

test('keys pressed before anybody listens are handed over once, in their order', () => {
  keepKeys()
  for (const key of ['g', 'n']) window.dispatchEvent(new KeyboardEvent('keydown', { key }))
  expect(takeKeys().map(({ key }) => key)).toEqual(['g', 'n'])
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'x' }))
  expect(takeKeys()).toEqual([])
})
