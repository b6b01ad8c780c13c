/** How fast they talk and how long it has been going on. Pure. */
import type { ConversationState, Note } from '#live/state.ts'

/** The speeds a viewer may choose. */
export const SLOWEST = 0.25
export const FASTEST = 4
export const STEP = 0.25

const WINDOW_MS = 5 * 60_000
const MINUTE_MS = 60_000
const POINTS = 30

export interface Tempo {
  readonly linesPerMinute: number
  readonly wordsPerLine: number
  /** Words of each of the last lines, oldest first. */
  readonly line: readonly number[]
}

/** The pace of the last five minutes before `now`; null when too little was said to speak of one. */
export function tempoOf(notes: readonly Note[], now: number): Tempo | null {
  const recent = notes.filter(({ at }) => now - Date.parse(at) <= WINDOW_MS)
  const last = recent.length >= 3 ? recent : notes.slice(-POINTS)
  const [first] = last
  const end = last.at(-1)
  if (!first || !end || last.length < 3) return null
  const minutes = Math.max(1 / 60, (Date.parse(end.at) - Date.parse(first.at)) / MINUTE_MS)
  const words = last.reduce((sum, note) => sum + note.words, 0)
  return {
    linesPerMinute: (last.length - 1) / minutes,
    wordsPerLine: Math.round(words / last.length),
    line: notes.slice(-POINTS).map((note) => note.words),
  }
}

/** Milliseconds since the curtain rose, until it fell or was held. */
export function elapsedOf(state: ConversationState, now: number): number | null {
  if (state.startedAt === null) return null
  const until = state.endedAt ?? (state.status === 'paused' ? state.pausedAt : null)
  return Math.max(0, (until === null ? now : Date.parse(until)) - Date.parse(state.startedAt))
}

/** 4:07, 38:12, 1:02:09. */
export function spellTime(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const two = (n: number) => String(n).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}
