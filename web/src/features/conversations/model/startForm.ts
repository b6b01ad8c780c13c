/** The start form as values: what is chosen, what is wrong with it, what is sent. */
import type { CreateConversation, Pace, Persona, Provider } from '#lib/api/types.ts'
import { start as words } from '#messages/conversations.ts'
import { splitMind } from './minds.ts'

export const TOPIC_MAX = 500
export const TITLE_MAX = 200
export const CAST_MIN = 2
export const CAST_MAX = 8
export const TURNS_MAX = 10_000
/** Turns a minute at speed 1 for lines of ordinary length, and without any waiting. */
const TURNS_PER_MINUTE = 4.5
const TURNS_PER_MINUTE_INSTANT = 20

export interface SeatChoice {
  readonly slug: string
  /** `provider` or `provider model`; empty leaves the choice to the house. */
  readonly mind: string
}

export interface StartForm {
  readonly topic: string
  readonly title: string
  readonly seats: readonly SeatChoice[]
  readonly mode: Pace['mode']
  readonly speed: number
  readonly turns: string
  readonly seed: string
  readonly visibility: 'private' | 'unlisted' | 'public'
  /** Who directs, by name; empty leaves it to the house. */
  readonly director: string
  /** Whether the cast may say things to one of them alone. */
  readonly whispers: boolean
}

export interface StartErrors {
  readonly topic?: string
  readonly title?: string
  readonly cast?: string
  readonly turns?: string
  readonly seed?: string
}

export const DEFAULT_CAST: readonly string[] = ['philosopher', 'comedian', 'scientist']

/** The server's own, which an experiment may replace as long as nobody chooses. */
const HOUSE_PACE = { mode: 'stream', speed: 1 } as const

export function emptyForm(topic: string, cast: readonly string[], mind = ''): StartForm {
  return {
    topic,
    title: '',
    seats: (cast.length > 0 ? cast : DEFAULT_CAST).slice(0, CAST_MAX).map((slug) => ({ slug, mind })),
    ...HOUSE_PACE,
    turns: '40',
    seed: '',
    visibility: 'private',
    director: '',
    whispers: false,
  }
}

/** Seats a persona, or takes it off the stage; a full stage seats nobody. */
export function toggleSeat(seats: readonly SeatChoice[], slug: string): readonly SeatChoice[] {
  if (seats.some((seat) => seat.slug === slug)) return seats.filter((seat) => seat.slug !== slug)
  return seats.length >= CAST_MAX ? seats : [...seats, { slug, mind: '' }]
}

export function chooseMind(seats: readonly SeatChoice[], slug: string, mind: string): readonly SeatChoice[] {
  return seats.map((seat) => (seat.slug === slug ? { ...seat, mind } : seat))
}

const isWhole = (text: string) => /^\d+$/.test(text.trim()) && Number.isSafeInteger(Number(text))
/** People count characters, the contract counts code points; an emoji is one. */
export const lengthOf = (text: string): number => Array.from(text.trim()).length

export function errorsOf(form: StartForm): StartErrors {
  const topic = lengthOf(form.topic)
  const turns = Number(form.turns)
  const turnsOk = form.turns.trim() === '' || (isWhole(form.turns) && turns >= 1 && turns <= TURNS_MAX)
  return {
    ...(topic === 0 ? { topic: words.topicEmpty } : {}),
    ...(topic > TOPIC_MAX ? { topic: words.topicLong(topic - TOPIC_MAX) } : {}),
    ...(lengthOf(form.title) > TITLE_MAX ? { title: words.titleLong } : {}),
    ...(form.seats.length < CAST_MIN ? { cast: words.castFew } : {}),
    ...(turnsOk ? {} : { turns: words.turnsWrong }),
    ...(form.seed.trim() === '' || isWhole(form.seed) ? {} : { seed: words.seedWrong }),
  }
}

export const isValid = (errors: StartErrors): boolean => Object.keys(errors).length === 0

function mindOf(mind: string): { provider?: string; model?: string } {
  const { provider, model } = splitMind(mind)
  return { ...(provider ? { provider } : {}), ...(model ? { model } : {}) }
}

const isHousePace = ({ mode, speed }: StartForm) => mode === HOUSE_PACE.mode && speed === HOUSE_PACE.speed

/** What is sent to the server; only what differs from its own defaults is named. */
export function requestOf(form: StartForm): CreateConversation {
  const title = form.title.trim()
  return {
    topic: form.topic.trim(),
    cast: form.seats.map(({ slug, mind }) => ({ persona: slug, ...mindOf(mind) })),
    visibility: form.visibility,
    ...(isHousePace(form) ? {} : { pace: { mode: form.mode, speed: form.speed } }),
    ...(form.director ? { director: form.director } : {}),
    ...(form.whispers ? { whispers: true } : {}),
    ...(title ? { title } : {}),
    ...(form.turns.trim() ? { max_turns: Number(form.turns) } : {}),
    ...(form.seed.trim() ? { seed: Number(form.seed) } : {}),
  }
}

/** How long it will take, in minutes; null without an end. */
export function minutesOf({ turns, mode, speed }: StartForm): number | null {
  if (!isWhole(turns)) return null
  return Number(turns) / (mode === 'instant' ? TURNS_PER_MINUTE_INSTANT : TURNS_PER_MINUTE * speed)
}

/** Whether nothing chosen can cost money: the house’s own choice may take any provider that is ready. Null: not known. */
export function isFree(
  seats: readonly SeatChoice[],
  providers: readonly Provider[] | undefined,
): boolean | null {
  if (!providers) return null
  const free = new Set(providers.filter(({ local, scripted }) => local || scripted).map(({ name }) => name))
  const others = providers.some(({ name, state }) => !free.has(name) && state === 'ready')
  return seats.every(({ mind }) => (mind === '' ? !others : free.has(mind.split(' ')[0] ?? '')))
}

/** The personas of a cast in the order of their seats; unknown slugs are left out. */
export function seated(
  seats: readonly SeatChoice[],
  personas: readonly Persona[],
): { seat: SeatChoice; persona: Persona }[] {
  return seats.flatMap((seat) => {
    const persona = personas.find(({ slug }) => slug === seat.slug)
    return persona ? [{ seat, persona }] : []
  })
}
