/** Who of the company is meant by a few words. */
import type { Persona } from '#lib/api/types.ts'

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Personas in whose name, line, aliases or expertise every word is found. */
export function matching(personas: readonly Persona[], words: string): readonly Persona[] {
  const wanted = plain(words).split(/\s+/).filter(Boolean)
  return personas.filter(({ name, tagline, aliases, expertise }) => {
    const text = plain([name, tagline, ...aliases, ...expertise].join(' '))
    return wanted.every((word) => text.includes(word))
  })
}
