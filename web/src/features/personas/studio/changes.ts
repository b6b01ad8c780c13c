/** What a variant replaces: the fields whose words differ from the card's; lists are one entry a line. */
import type { CreateVariant, PersonaCard } from '#lib/api/types.ts'
import { linesOf } from './form.ts'

const TEXTS = ['voice', 'about'] as const
const LISTS = ['sample_lines', 'values', 'habits', 'forbidden'] as const
export const FIELDS = [...TEXTS, ...LISTS]

export type Words = Readonly<Record<(typeof FIELDS)[number], string>>

export function wordsOf(card: PersonaCard): Words {
  return Object.fromEntries(
    FIELDS.map((field) => {
      const words = card[field]
      return [field, typeof words === 'string' ? words : words.join('\n')]
    }),
  ) as Record<keyof Words, string>
}

export function changesOf(before: Words, after: Words): CreateVariant['changes'] {
  const texts = TEXTS.filter((field) => after[field].trim() !== before[field].trim())
  const lists = LISTS.filter((field) => linesOf(after[field]).join('\n') !== before[field])
  return {
    ...Object.fromEntries(texts.map((field) => [field, after[field].trim()])),
    ...Object.fromEntries(lists.map((field) => [field, linesOf(after[field])])),
  }
}
