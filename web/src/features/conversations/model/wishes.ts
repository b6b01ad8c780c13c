/** Why somebody wanted the floor, in the code that is told: what weighs next to nothing is no reason. Pure. */
import type { WireBid } from '#live/events.ts'

/** A term below this moves nobody. */
const FAINT = 0.1
/** Below this an exchange is over: everybody who has ever spoken keeps a little of it. */
const EXCHANGE = 0.35
/** Said where no term is large enough. */
export const NO_REASON = 'none'

/** The code of the reason; the rest of an old exchange gives way to the next largest term, if there is one. */
export function reasonOf({ reason, terms }: WireBid): string {
  if (reason !== 'thread' || (terms?.thread ?? 1) >= EXCHANGE) return reason
  const others = Object.entries(terms ?? {}).filter(([code, value]) => code !== 'thread' && value >= FAINT)
  return others.toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? NO_REASON
}

/** Whether somebody was left out of the draw, whatever they bid: others had a chance, they had none, nor were they given the floor. */
export function leftOut(
  { participant_id: id, chance }: WireBid,
  bids: readonly WireBid[],
  speaker: string | undefined,
): boolean {
  return chance === 0 && id !== speaker && bids.some((each) => (each.chance ?? 0) > 0)
}
