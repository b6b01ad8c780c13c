import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Starter } from '#lib/api/types.ts'
import { featured } from './featured.ts'
import { handful, mixed, suggestion, themesOf } from './starters.ts'

const starter = (id: string, ...themes: string[]): Starter => ({ id, text: `${id}?`, themes })
const all = [
  starter('a', 'mind'),
  starter('b', 'mind', 'food'),
  starter('c', 'mind', 'food'),
  starter('d', 'time'),
]

test('the commonest theme comes first, equals by name', () => {
  expect(themesOf(all)).toEqual(['mind', 'food', 'time'])
})

test('a handful is of its theme and turns the pages round and round', () => {
  expect(handful(all, 'food', 5, 4).map(({ id }) => id)).toEqual(['b', 'c'])
  expect(handful(all, null, 0, 3).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(handful(all, null, 1, 3).map(({ id }) => id)).toEqual(['d', 'a', 'b'])
})

test('mixing loses nobody and is the same every time', () => {
  expect(mixed(all)).toEqual(mixed([...all].reverse()))
  expect(new Set(mixed(all))).toEqual(new Set(all))
})

test('a suggestion is never what is there already', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (dice) => {
      expect(suggestion(all, 'b?', dice)?.id).not.toBe('b')
    }),
  )
  expect(suggestion([], '', 0.5)).toBeUndefined()
})

test('the house shows what is watched, else the newest', () => {
  expect(featured([{ id: 'new' }, { id: 'old' }], null)).toBe('new')
  expect(featured([{ id: 'new' }, { id: 'old' }], 'ended')).toBe('ended')
  expect(featured([], null)).toBeNull()
  expect(featured(undefined, null)).toBeNull()
})
