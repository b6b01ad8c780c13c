import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seated } from '#live/state.ts'
import { candidates, complete, lengthOf, mentionAt } from './mentions.ts'

const cast = ['The Philosopher', 'The Comedian', 'Ada Lovelace'].map((name, n) =>
  seated({ id: `p${n}`, name }),
)

test.each([
  ['@', 1, ''],
  ['ask @Com', 8, 'Com'],
  ['ask @Com now', 8, 'Com'],
  ['(x) @É', 6, 'É'],
])('in %j at %i somebody is named %j', (text, caret, query) => {
  expect(mentionAt(text, caret)?.query).toBe(query)
})

test.each([
  ['mail a@b', 8],
  ['ask @Com now', 12],
  ['nobody', 3],
])('in %j at %i nobody is named', (text, caret) => {
  expect(mentionAt(text, caret)).toBeNull()
})

test('people are found by any of their names, whatever the case, while they are on stage', () => {
  expect(candidates(cast, '').map(({ id }) => id)).toEqual(['p0', 'p1', 'p2'])
  expect(candidates(cast, 'com').map(({ id }) => id)).toEqual(['p1'])
  expect(candidates(cast, 'LOVE').map(({ id }) => id)).toEqual(['p2'])
  expect(candidates([{ ...(cast[0] as (typeof cast)[0]), present: false }], 'ph')).toEqual([])
})

test('a completed name stands whole, with one space behind it and the caret after that', () => {
  const person = cast[1] as (typeof cast)[0]
  const at = (text: string, caret: number) =>
    complete(text, mentionAt(text, caret) as NonNullable<ReturnType<typeof mentionAt>>, person)
  expect(at('hey @co', 7)).toEqual({ text: 'hey @Comedian ', caret: 14 })
  expect(at('hey @co you', 7)).toEqual({ text: 'hey @Comedian you', caret: 13 })
})

test('whatever stands around a mention stays as it is', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, rest) => {
      const text = `${before} @co${rest}`
      const mention = mentionAt(text, before.length + 4)
      if (!mention) return
      const done = complete(text, mention, cast[1] as (typeof cast)[0])
      expect(done.text.startsWith(`${before} @Comedian`)).toBe(true)
      expect(done.text.endsWith(rest)).toBe(true)
    }),
  )
})

test('characters are counted as people count them', () => {
  expect(lengthOf('  🎭é ')).toBe(2)
})
