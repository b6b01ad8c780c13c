import { expect, test } from 'vitest'
import { EMPTY } from './blocks.ts'
import { GrowingTexts } from './growing.ts'

test('the same text gives the same blocks', () => {
  const texts = new GrowingTexts()
  expect(texts.of('a', 'one')).toBe(texts.of('a', 'one'))
  expect(texts.of('b', '')).toBe(EMPTY)
})

test('a longer text keeps the blocks that were closed', () => {
  const texts = new GrowingTexts()
  const before = texts.of('a', 'one\n\ntwo\n\nthree')
  const after = texts.of('a', 'one\n\ntwo\n\nthree four')
  expect(after.closed[0]).toBe(before.closed[0])
  expect(after.source).toBe('one\n\ntwo\n\nthree four')
})

test('a text said anew begins anew', () => {
  const texts = new GrowingTexts()
  texts.of('a', 'As a model')
  expect(texts.of('a', 'A joke').source).toBe('A joke')
  expect(texts.of('a', 'Quite another beginning').source).toBe('Quite another beginning')
})

test('a forgotten text is grown from the start', () => {
  const texts = new GrowingTexts()
  const before = texts.of('a', 'one')
  texts.forget('a')
  expect(texts.of('a', 'one')).not.toBe(before)
})
