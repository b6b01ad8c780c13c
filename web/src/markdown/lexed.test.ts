import { expect, test } from 'vitest'
import { LexedTexts } from './lexed.ts'

test('a text is lexed once while it is remembered', () => {
  const texts = new LexedTexts()
  expect(texts.of('# one')).toBe(texts.of('# one'))
})

test('the text used longest ago is forgotten first', () => {
  const texts = new LexedTexts(2)
  const first = texts.of('one')
  texts.of('two')
  texts.of('one')
  texts.of('three')
  expect(texts.size).toBe(2)
  expect(texts.of('one')).toBe(first)
})
