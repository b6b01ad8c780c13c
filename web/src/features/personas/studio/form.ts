/** What the studio's form holds, and what it means: lists are texts with one entry a line. */
import type { CardInput, Persona, PersonaCard } from '#lib/api/types.ts'

export const TEXTS = ['name', 'short', 'tagline', 'about', 'voice'] as const
export const LISTS = ['sample_lines', 'expertise', 'values', 'habits', 'forbidden'] as const
/** The fields in which variables stand for something. */
export const TEMPLATES: readonly string[] = ['about', 'voice', 'values', 'habits', 'forbidden']

export type TextName = (typeof TEXTS)[number]
export type ListName = (typeof LISTS)[number]
export type FieldName = TextName | ListName
export type Traits = Persona['traits']

export type Draft = Readonly<Record<FieldName, string>> & {
  readonly color: CardInput['color'] & string
  readonly mask: string
  readonly traits: Traits
  /** What the form does not show and must not lose. */
  readonly rest: Pick<CardInput, 'aliases' | 'rhythm' | 'language' | 'business' | 'relations'>
}

export const PLAIN_TRAITS: Traits = {
  humour: 0.5,
  formality: 0.5,
  warmth: 0.5,
  assertiveness: 0.5,
  curiosity: 0.5,
  verbosity: 0.5,
  optimism: 0.5,
  talk: 0.5,
  tempo: 0.5,
  cps: 4.3,
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

export function emptyDraft(seed: string): Draft {
  const nothing = Object.fromEntries([...TEXTS, ...LISTS].map((name) => [name, ''])) as Record<
    FieldName,
    string
  >
  return { ...nothing, color: 'lagoon', mask: seed, traits: PLAIN_TRAITS, rest: {} }
}

/** The form as a saved card fills it. */
export function draftOf(card: PersonaCard): Draft {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, card[name]]))
  const lists = Object.fromEntries(LISTS.map((name) => [name, card[name].join('\n')]))
  const { aliases, rhythm, language, business, relations } = card
  return {
    ...(texts as Record<TextName, string>),
    ...(lists as Record<ListName, string>),
    color: card.color as Draft['color'],
    mask: card.mask,
    traits: card.traits,
    rest: { aliases, rhythm, language, business, relations },
  }
}

/** A copy to be changed: under its own name it could not stand beside the one it comes from. */
export function forkOf(card: PersonaCard): Draft {
  const draft = draftOf(card)
  return { ...draft, name: `${card.short} Two`, short: '', rest: { ...draft.rest, aliases: [] } }
}

/** What is sent; empty texts are left to the house. */
export function cardOf(draft: Draft): CardInput {
  const { rest, traits, color, mask, name, short, tagline, about, voice } = draft
  const lists = Object.fromEntries(LISTS.map((each) => [each, linesOf(draft[each])]))
  return {
    ...rest,
    ...(lists as Record<ListName, string[]>),
    ...(short.trim() === '' ? {} : { short: short.trim() }),
    name: name.trim(),
    tagline,
    about,
    voice,
    color,
    mask,
    traits,
  }
}

/** The first thing that is wrong with each field, by the paths of a refusal (`persona.habits.1`). */
export function faultsOf(
  errors: readonly { readonly path: string; readonly message: string }[],
): Partial<Record<FieldName, string>> {
  const faults: Partial<Record<FieldName, string>> = {}
  for (const { path, message } of errors) {
    const [name = '', place] = path.replace(/^persona\./, '').split('.')
    const field = [...TEXTS, ...LISTS].find((each) => each === name)
    if (!field || faults[field] !== undefined) continue
    faults[field] = place === undefined ? message : `Line ${Number(place) + 1}: ${message}`
  }
  return faults
}
