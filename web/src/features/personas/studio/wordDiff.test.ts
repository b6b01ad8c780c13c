import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordDiff } from './wordDiff.ts'

test('what went and what came is told in words', () => {
  expect(wordDiff('Plain words, long pauses.', 'Plain words, no pauses at all.')).toEqual([
    { kind: 'same', text: 'Plain words, ' },
    { kind: 'gone', text: 'long pauses.' },
    { kind: 'new', text: 'no pauses at all.' },
  ])
})

test('the pieces always make both texts', () => {
  const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'dee'), { maxLength: 30 }).map((w) => w.join(' '))
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const pieces = wordDiff(before, after)
      const told = (but: string) =>
        pieces
          .filter(({ kind }) => kind !== but)
          .map(({ text }) => text)
          .join('')
          .split(/\s+/)
          .join(' ')
      expect(told('gone').trim()).toBe(after)
      expect(told('new').replaceAll(' ', '')).toBe(before.replaceAll(' ', ''))
    }),
  )
})

test('very long texts are not compared word by word', () => {
  const long = 'word '.repeat(700)
  expect(wordDiff(long, 'short').map(({ kind }) => kind)).toEqual(['gone', 'new'])
})
