/** How a talk went, in a few steps from its beginning to now: shares, tempo, sentiment, energy, cost. Pure. */
import type { Analytics } from '#lib/api/types.ts'

/** A run of messages and what it was like. */
export interface Step {
  /** The first and the last message, counted from 1. */
  readonly first: number
  readonly last: number
  /** By place in the cast: its share of the words of this run. */
  readonly shares: readonly number[]
  readonly linesPerMinute: number | null
  readonly sentiment: number | null
  readonly energy: number | null
  /** US dollars since the beginning. */
  readonly cost: number
}

/** So many steps fit beside each other. */
export const STEPS = 36
/** Fewer messages than this are no step of their own. */
const LEAST = 3
const MINUTE_MS = 60_000

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

function meanOf(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => value != null)
  return known.length === 0 ? null : sum(known) / known.length
}

export function stepsOf({ score, course }: Analytics, cast: number, most = STEPS): readonly Step[] {
  const count = score.words.length
  const size = Math.max(LEAST, Math.ceil(count / most))
  const steps: Step[] = []
  let spent = 0
  for (let from = 0; from < count; from += size) {
    const to = Math.min(count, from + size)
    const part = <T>(values: readonly T[] | undefined) => values?.slice(from, to) ?? []
    const words = part(score.words)
    const speakers = part(score.participant)
    const ofCast = sum(words.filter((_, index) => (speakers[index] ?? -1) >= 0))
    spent += sum(part(course?.cost))
    // The first difference of all is to nothing: a gap begins with the second message.
    const gaps = score.at.slice(Math.max(1, from), to)
    const minutes = sum(gaps) / MINUTE_MS
    steps.push({
      first: from + 1,
      last: to,
      shares: Array.from({ length: cast }, (_, who) =>
        ofCast === 0 ? 0 : sum(words.filter((_, index) => speakers[index] === who)) / ofCast,
      ),
      linesPerMinute: minutes > 0 ? gaps.length / minutes : null,
      sentiment: meanOf(part(course?.sentiment)),
      energy: meanOf(part(course?.energy)),
      cost: spent,
    })
  }
  return steps
}

/** Parts of a line through points `[x, y]`, broken where a value is not known. */
export function lineThrough(
  values: readonly (number | null)[],
  {
    low,
    high,
    width,
    height,
  }: { readonly low: number; readonly high: number; readonly width: number; readonly height: number },
): string {
  const step = width / Math.max(1, values.length - 1)
  const span = high - low || 1
  let down = false
  return values
    .map((value, index) => {
      if (value === null) {
        down = false
        return ''
      }
      const y = height - ((Math.min(high, Math.max(low, value)) - low) / span) * height
      const command = down ? 'L' : 'M'
      down = true
      return `${command}${(index * step).toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}

/** One band for each of the cast, on top of each other, as outlines. */
export function bands(steps: readonly Step[], width: number, height: number): readonly string[] {
  const cast = steps[0]?.shares.length ?? 0
  const step = width / Math.max(1, steps.length - 1)
  const edge = (upto: number) =>
    steps.map(({ shares }, index) => ({ x: index * step, y: sum(shares.slice(0, upto)) * height }))
  const points = (list: readonly { readonly x: number; readonly y: number }[]) =>
    list.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')
  return Array.from(
    { length: cast },
    (_, who) => `M${points(edge(who))}L${points(edge(who + 1).toReversed())}Z`,
  )
}
