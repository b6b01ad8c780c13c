/** What a live conversation is made of and what it says of its own condition. */
import type { Away } from './away.ts'
import type { ServerClock } from './clock.ts'
import type { Frames } from './conversationStore.ts'
import type { Source } from './log.ts'
import type { WireConversation, WireMessage } from './opening.ts'
import type { LiveSocket } from './socket.ts'

export interface Boot {
  readonly conversation: WireConversation
  readonly messages: readonly WireMessage[]
}

export interface Condition {
  readonly phase: 'loading' | 'open' | 'missing' | 'failed'
  /** What opening failed with. */
  readonly problem: unknown
  /** Live text is off; finished messages still arrive. */
  readonly degraded: string
  /** Messages that came while the line was broken, and the row they come after. */
  readonly away: Away | null
  readonly loadingOlder: boolean
}

export interface Timers {
  now(): number
  later(run: () => void, ms: number): () => void
}

export interface LiveParts {
  readonly id: string
  readonly source: Source
  readonly socket: LiveSocket
  readonly clock: ServerClock
  readonly timers: Timers
  readonly frames: Frames
  readonly boot?: Boot | null
}
