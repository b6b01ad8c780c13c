import { expect, test } from 'vitest'
import { persona } from '#testing/fixtures.ts'
import { changesOf, wordsOf } from './changes.ts'

const BEFORE = wordsOf(persona('ada', { voice: 'Dry.', habits: ['one', 'two'] }))

test('a variant replaces what has other words, and nothing else', () => {
  expect(changesOf(BEFORE, BEFORE)).toEqual({})
  expect(changesOf(BEFORE, { ...BEFORE, voice: ' Wet. ', habits: 'one\n\nthree\n' })).toEqual({
    voice: 'Wet.',
    habits: ['one', 'three'],
  })
})

test('spaces and empty lines alone are no other words', () => {
  expect(changesOf(BEFORE, { ...BEFORE, voice: 'Dry. ', habits: ' one \n\ntwo\n' })).toEqual({})
})
