/** What the studio's form holds, and what it means: lists are texts with one entry a line. */
import type { CardInput, Persona, PersonaCard } from '#lib/api/types.ts'

export const TEXTS = ['name', 'short', 'tagline', 'about', 'voice', 'language'] as const
export const LISTS = ['aliases', 'sample_lines', 'expertise', 'values', 'habits', 'forbidden'] as const
/** What it is seen doing, by what the stage knows of it. */
export const STATES = ['listening', 'eager', 'chosen', 'thinking'] as const

export type TextName = (typeof TEXTS)[number]
export type ListName = (typeof LISTS)[number]
export type State = (typeof STATES)[number]
export type FieldName = TextName | ListName | State
export type Rhythm = Persona['rhythm']
export type Traits = Persona['traits']

export type Draft = Readonly<Record<FieldName, string>> & {
  readonly color: CardInput['color'] & string
  readonly mask: string
  readonly traits: Traits
  readonly rhythm: Rhythm
  /** How it feels about others from the start, by their slugs: −1…1. */
  readonly relations: Readonly<Record<string, number>>
  readonly remembers: boolean
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

/** The entries of a list field: one a line, empty ones say nothing. */
export const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

export function emptyDraft(seed: string): Draft {
  const nothing = Object.fromEntries([...TEXTS, ...LISTS].map((name) => [name, '']))
  return {
    ...(nothing as Record<TextName | ListName, string>),
    language: 'en',
    listening: 'Listening',
    eager: 'Leaning in',
    chosen: 'Drawing breath',
    thinking: 'Thinking',
    color: 'lagoon',
    mask: seed,
    traits: PLAIN_TRAITS,
    rhythm: 'even',
    relations: {},
    remembers: false,
  }
}

/** The form as a saved card fills it. */
export function draftOf(card: PersonaCard): Draft {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, card[name]]))
  const lists = Object.fromEntries(LISTS.map((name) => [name, card[name].join('\n')]))
  const business = Object.fromEntries(STATES.map((state) => [state, card.business[state].join('\n')]))
  const { mask, traits, rhythm, relations, remembers } = card
  return {
    ...(texts as Record<TextName, string>),
    ...(lists as Record<ListName, string>),
    ...(business as Record<State, string>),
    color: card.color as Draft['color'],
    mask,
    traits,
    rhythm,
    relations,
    remembers,
  }
}

/** A copy to be changed: under its own name it could not stand beside the one it comes from. */
export function forkOf(card: PersonaCard): Draft {
  return { ...draftOf(card), name: `${card.short} Two`, short: '', aliases: '', remembers: false }
}

/** What is sent; empty texts are left to the house. */
export function cardOf(draft: Draft): CardInput {
  const { traits, color, mask, name, short, tagline, about, voice, rhythm, remembers } = draft
  const lists = Object.fromEntries(LISTS.map((each) => [each, linesOf(draft[each])]))
  const business = Object.fromEntries(STATES.map((each) => [each, linesOf(draft[each])]))
  return {
    ...(lists as Record<ListName, string[]>),
    ...(short.trim() === '' ? {} : { short: short.trim() }),
    business: business as Record<State, string[]>,
    relations: Object.fromEntries(Object.entries(draft.relations).filter(([, feels]) => feels !== 0)),
    name: name.trim(),
    language: draft.language.trim() || 'en',
    tagline,
    about,
    voice,
    color,
    mask,
    traits,
    rhythm,
    remembers,
  }
}

/** The first thing that is wrong with each field, by the paths of a refusal (`persona.habits.1`). */
export function faultsOf(
  errors: readonly { readonly path: string; readonly message: string }[],
): Partial<Record<FieldName, string>> {
  const faults: Partial<Record<FieldName, string>> = {}
  for (const { path, message } of errors) {
    const [name = '', place] = path.replace(/^(?:persona\.)?(?:business\.)?/, '').split('.')
    const field = [...TEXTS, ...LISTS, ...STATES].find((each) => each === name)
    if (!field || faults[field] !== undefined) continue
    faults[field] = place === undefined ? message : `Line ${Number(place) + 1}: ${message}`
  }
  return faults
}
