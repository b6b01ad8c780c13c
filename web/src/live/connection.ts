/** The rules of the line: when to call again, how long to wait and when to give up. */

export type ConnectionState = 'connecting' | 'live' | 'stale' | 'reconnecting' | 'offline' | 'stopped'

export interface Connection {
  readonly state: ConnectionState
  /** Local milliseconds of the next attempt while reconnecting. */
  readonly retryAt: number | null
  /** Since when there has been no healthy line; null while there is one. */
  readonly troubleSince: number | null
  /** Why we stopped for good. */
  readonly why: StopReason | null
}

export type StopReason = 'forbidden' | 'missing' | 'signed_out' | 'refused'

export type CloseRule =
  | { readonly do: 'retry' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'stop'; readonly why: StopReason }

const FIRST_MS = 500
const LONGEST_MS = 15_000
const PENALTY_MS = 30_000

export const STALE_AFTER_MS = 20_000
export const DEAD_AFTER_MS = 40_000
export const HEALTHY_AFTER_MS = 10_000
/** How long an answer to a ping may take when the network seems to have changed. */
export const PROBE_MS = 3_000

/** What a close we did not ask for means. */
export function closeRule(code: number): CloseRule {
  switch (code) {
    case 4401:
      return { do: 'stop', why: 'signed_out' }
    case 4403:
      return { do: 'stop', why: 'forbidden' }
    case 4404:
      return { do: 'stop', why: 'missing' }
    case 1003:
    case 1007:
    case 1008:
    case 1009:
      return { do: 'stop', why: 'refused' }
    case 4408:
    case 4409:
    case 4429:
      return { do: 'wait', ms: PENALTY_MS }
    default:
      return { do: 'retry' }
  }
}

/** Random between half a second and one, doubling up to fifteen seconds. */
export function backoff(attempt: number, random: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * (1 + random) * 2 ** attempt)
}
