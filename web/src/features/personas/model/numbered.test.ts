import { expect, test } from 'vitest'
import { numbered } from './numbered.ts'

test.each([
  ['Socrates', ['Socrates'], 'Socrates 2'],
  ['Socrates', ['Socrates', 'Socrates 2'], 'Socrates 3'],
  ['Socrates 2', ['Socrates 2'], 'Socrates 3'],
])('%s, beside %j, is called %s', (name, taken, free) => {
  expect(numbered(name, taken)).toBe(free)
})

test('a long name makes room for its number', () => {
  expect(numbered('x'.repeat(60), [])).toBe(`${'x'.repeat(58)} 2`)
})
