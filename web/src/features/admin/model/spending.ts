/** Spending as a picture: days in a row, one piece of a bar for each provider, and a scale of round figures. */
import type { Spending } from '#lib/api/types.ts'

export interface Piece {
  readonly provider: string
  readonly amount: number
  /** Where it begins, in dollars from the floor. */
  readonly from: number
  readonly estimated: boolean
}

export interface Day {
  /** `2026-11-22`, in UTC. */
  readonly day: string
  readonly total: number
  readonly pieces: readonly Piece[]
}

const DAY_MS = 86_400_000
const isoDay = (at: number) => new Date(at).toISOString().slice(0, 10)

/** The last `count` days up to that of `now`, days without a call included; pieces in the order of `providers`. */
export function daysOf(
  lines: Spending['days'],
  providers: readonly string[],
  count: number,
  now: number,
): readonly Day[] {
  return Array.from({ length: count }, (_, index) => {
    const day = isoDay(now - (count - 1 - index) * DAY_MS)
    let total = 0
    const pieces = providers.flatMap((provider): Piece[] => {
      const line = lines.find((each) => each.day === day && each.provider === provider)
      if (!line || line.amount <= 0) return []
      const from = total
      total += line.amount
      return [{ provider, amount: line.amount, from, estimated: line.estimated }]
    })
    return { day, total, pieces }
  })
}

/** The providers that were paid, the dearest first. */
export function payees(lines: Spending['days']): readonly string[] {
  const sums = new Map<string, number>()
  for (const { provider, amount } of lines) sums.set(provider, (sums.get(provider) ?? 0) + amount)
  return [...sums]
    .filter(([, amount]) => amount > 0)
    .sort(([a, x], [b, y]) => y - x || a.localeCompare(b))
    .map(([provider]) => provider)
}

const STEPS = [1, 2, 2.5, 5, 10]

/** The lines of the scale: at most four, round, the last at or above the highest bar. */
export function scaleOf(highest: number): readonly number[] {
  if (highest <= 0) return [0]
  const rough = highest / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = (STEPS.find((each) => each * power >= rough) as number) * power
  const count = Math.ceil(highest / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)))
}

/** What one provider took in all those days. */
export function totalOf(lines: Spending['days'], provider: string) {
  const own = lines.filter((line) => line.provider === provider)
  const sum = (of: (line: (typeof own)[number]) => number) => own.reduce((total, line) => total + of(line), 0)
  return {
    amount: sum(({ amount }) => amount),
    calls: sum(({ calls }) => calls),
    tokens: sum(({ tokens }) => tokens),
    estimated: own.some(({ estimated }) => estimated),
  }
}
