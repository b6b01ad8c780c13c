/** Where the looks at an experiment stand on a drawing; no React. */
import type { Experiment } from '#lib/api/types.ts'

export type Looks = Experiment['course']

/** The drawing in its own units; the two panels share their votes. */
export const FRAME = { left: 54, right: 14, top: 14, upper: 120, gap: 34, lower: 84, foot: 24 } as const
export const HEIGHT = FRAME.top + FRAME.upper + FRAME.gap + FRAME.lower + FRAME.foot
export const LOWER_TOP = FRAME.top + FRAME.upper + FRAME.gap

const STEPS = [0.05, 0.1, 0.25, 0.5, 1]

export interface Scales {
  readonly x: (judged: number) => number
  /** Of a difference in the upper panel. */
  readonly up: (difference: number) => number
  /** Of a likelihood ratio in the lower one, by its logarithm. */
  readonly down: (lambda: number) => number
  /** The difference at the upper edge. */
  readonly reach: number
  readonly votes: number
}

export function scalesOf(course: Looks, decidesAt: number, width: number): Scales {
  const votes = Math.max(1, ...course.map(({ judged }) => judged))
  const largest = Math.max(...course.map(({ difference }) => Math.abs(difference)), 0)
  const reach = STEPS.find((step) => step >= largest) ?? 1
  // The mark of a decision is always in the picture, and a ratio far beyond it does not press it flat.
  const high = Math.log10(decidesAt) * 1.25
  const low = -Math.log10(decidesAt) * 0.75
  const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value))
  const middle = FRAME.top + FRAME.upper / 2
  return {
    x: (judged) => FRAME.left + (judged / votes) * (width - FRAME.left - FRAME.right),
    up: (difference) => middle - (difference / reach) * (FRAME.upper / 2),
    down: (lambda) => {
      const share = (within(Math.log10(Math.max(lambda, 1e-9)), low, high) - low) / (high - low)
      return LOWER_TOP + (1 - share) * FRAME.lower
    },
    reach,
    votes,
  }
}

/** A line through the looks. */
export const pathOf = (points: readonly (readonly [number, number])[]) =>
  points.map(([x, y], place) => `${place === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
