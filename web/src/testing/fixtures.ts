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
    own: false,
    slug,
    name: `The ${short}`,
    short,
    aliases: [],
    tagline: `What the ${slug} says of themselves.`,
    about: '',
    voice: '',
    values: [],
    habits: [],
    forbidden: [],
    expertise: [],
    sample_lines: [`A line of the ${slug}.`],
    color: 'steel',
    mask: slug,
    rhythm: 'even',
    language: 'en',
    traits: TRAITS,
    business: { listening: [], eager: [], chosen: [], thinking: [] },
    relations: {},
    remembers: false,
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

/** A provider of which nothing is known but its name. */
export function provider(name: string, part: Partial<Provider> = {}): Provider {
  return {
    name,
    title: name,
    state: 'ready',
    local: false,
    found: false,
    scripted: false,
    models: [],
    health: { calls: 0, errors: 0, failures: {} },
    wants_key: false,
    credential: null,
    breaker: 'closed',
    limits: { requests_per_minute: null, tokens_per_minute: null, concurrency: null },
    spent_today: { amount: 0, estimated: false },
    ...part,
  }
}

export const PROVIDERS: readonly Provider[] = [
  provider('scripted', { title: 'The scripted troupe', local: true, scripted: true, models: ['troupe'] }),
  provider('ollama', { title: 'Ollama', local: true, found: true, models: ['qwen3:8b'] }),
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
