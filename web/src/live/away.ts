/** Counts what was said while the line was broken, for the note that invites to read it. */
import type { Session } from './session.ts'
import type { ConversationState } from './state.ts'

export interface Away {
  readonly afterRow: string | null
  readonly count: number
}

/** Where the viewer was when the line broke. */
interface Left {
  readonly afterRow: string | null
  readonly messages: number
  readonly since: number
}

/** Shorter trouble than this is nobody's business. */
const AWAY_MS = 2_000

export class AwayWatch {
  #left: Left | null = null
  /** The head named by the newest snapshot; until we are there we are still catching up. */
  #catchUpTo = 0

  broken({ rows, notes }: ConversationState, since: number): void {
    if (this.#left) return
    this.#left = { afterRow: rows.at(-1)?.id ?? null, messages: notes.length, since }
    this.#catchUpTo = Number.POSITIVE_INFINITY
  }

  backAt(head: number): void {
    this.#catchUpTo = head
  }

  /** What was missed, said once, when everything missed is there. */
  missed({ state, held }: Session, now: number): Away | null {
    const left = this.#left
    if (!left || held || state.headSeq < this.#catchUpTo) return null
    this.#left = null
    const count = state.notes.length - left.messages
    return count > 0 && now - left.since >= AWAY_MS ? { afterRow: left.afterRow, count } : null
  }
}
