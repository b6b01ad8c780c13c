/** A small company and its conversations, shaped by the API's own types. */
import type { Conversation, Participant, Persona, Provider, Starter } from '#lib/api/types.ts'

const TRAITS: Persona['traits'] = {
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

export function persona(slug: string, part: Partial<Persona> = {}): Persona {
  const short = slug.charAt(0).toUpperCase() + slug.slice(1)
  return {
    id: `per_${slug}`,
    slug,
    name: `The ${short}`,
    short,
    aliases: [],
    tagline: `What the ${slug} says of themselves.`,
    about: '',
    voice: '',
    values: [],
    habits: [],
    expertise: [],
    sample_lines: [`A line of the ${slug}.`],
    color: 'steel',
    mask: slug,
    rhythm: 'even',
    language: 'en',
    traits: TRAITS,
    business: { listening: [], eager: [], chosen: [], thinking: [] },
    relations: {},
    ...part,
  }
}

export const COMPANY: readonly Persona[] = [
  'philosopher',
  'comedian',
  'scientist',
  'historian',
  'poet',
  'engineer',
  'skeptic',
  'diplomat',
  'child',
].map((slug) => persona(slug))

export const STARTERS: readonly Starter[] = [
  { id: 'tea', text: 'Tea or coffee?', themes: ['food'] },
  { id: 'time', text: 'Where does the time go?', themes: ['time'] },
]

export const PROVIDERS: readonly Provider[] = [
  {
    name: 'scripted',
    title: 'The scripted troupe',
    state: 'ready',
    local: true,
    found: false,
    scripted: true,
    models: ['troupe'],
    health: { calls: 0, errors: 0 },
  },
  {
    name: 'ollama',
    title: 'Ollama',
    state: 'ready',
    local: true,
    found: true,
    scripted: false,
    models: ['qwen3:8b'],
    health: { calls: 0, errors: 0 },
  },
]

const participant = (slug: string): Participant => ({
  id: `par_${slug}`,
  persona_id: `per_${slug}`,
  slug,
  name: `The ${slug}`,
  color: 'steel',
  mask: slug,
  provider: 'scripted',
  model: 'troupe',
  muted: false,
})

export function conversation(id: string, part: Partial<Conversation> = {}): Conversation {
  return {
    id,
    title: '',
    topic: `The topic of ${id}`,
    status: 'ended',
    head_seq: 4,
    created_at: '2026-11-22T10:00:00.000Z',
    pace: { mode: 'stream', speed: 1 },
    visibility: 'private',
    participants: [participant('philosopher'), participant('comedian')],
    message_count: 2,
    cost: { amount: 0, currency: 'USD', estimated: false },
    ...part,
  }
}
