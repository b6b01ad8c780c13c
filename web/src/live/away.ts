/** Counts what was said while the line was broken, for the note that invites to read it. Pure. */
import type { ConversationState } from './state.ts'

export interface Away {
  readonly afterRow: string | null
  readonly count: number
}

/** Where the viewer was when the line broke. */
export interface Left {
  readonly afterRow: string | null
  readonly messages: number
  readonly since: number
}

/** Shorter trouble than this is nobody's business. */
const AWAY_MS = 2_000

export function left({ rows, notes }: ConversationState, since: number): Left {
  return { afterRow: rows.at(-1)?.id ?? null, messages: notes.length, since }
}

export function missed(before: Left, { notes }: ConversationState, now: number): Away | null {
  const count = notes.length - before.messages
  return count > 0 && now - before.since >= AWAY_MS ? { afterRow: before.afterRow, count } : null
}
