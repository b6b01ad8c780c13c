/** Decides how long the next flush waits: a page that cannot keep up is asked less often. */

export interface Throttle {
  /** 0 = every frame, 1 = every 33 ms, 2 = every 66 ms. */
  readonly level: 0 | 1 | 2
  readonly cheap: number
}

export const UNTHROTTLED: Throttle = { level: 0, cheap: 0 }

const DEAR_MS = 8
const CHEAP_RUN = 10
const WAITS = [0, 33, 66] as const

export function waitOf({ level }: Throttle): number {
  return WAITS[level]
}

export function after({ level, cheap }: Throttle, costMs: number): Throttle {
  if (costMs > DEAR_MS) return { level: level === 0 ? 1 : 2, cheap: 0 }
  if (level === 0) return UNTHROTTLED
  if (cheap + 1 < CHEAP_RUN) return { level, cheap: cheap + 1 }
  return { level: level === 2 ? 1 : 0, cheap: 0 }
}
