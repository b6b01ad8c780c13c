import { expect, test } from 'vitest'
import type { Persona } from '#lib/api/types.ts'
import { matching } from './search.ts'

const persona = (slug: string, part: Partial<Persona>) =>
  ({ slug, name: slug, tagline: '', aliases: [], expertise: [], ...part }) as Partial<Persona> as Persona

const company = [
  persona('chef', { name: 'The Chef', expertise: ['soufflé', 'salt'] }),
  persona('poet', { name: 'The Poet', tagline: 'Counts what cannot be counted.' }),
]

test('no words find everybody', () => {
  expect(matching(company, '  ')).toEqual(company)
})

test.each([
  ['SOUFFLE', ['chef']],
  ['the counts', ['poet']],
  ['the', ['chef', 'poet']],
  ['chef poet', []],
])('“%s” finds %j', (words, slugs) => {
  expect(matching(company, words).map(({ slug }) => slug)).toEqual(slugs)
})
