/** How a talk went, in a few steps from its beginning to now: shares, tempo, sentiment, energy, cost. Pure. */
import type { Analytics } from '#lib/api/types.ts'

type Course = NonNullable<Analytics['course']>
export type Feeling = NonNullable<Course['emotion'][number]>

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
  /** Which emotions the lines of this run are full of, and in what share of them. */
  readonly emotions: Readonly<Partial<Record<Feeling, number>>>
  /** By place in the cast: how its lines of this run stand to the topic. */
  readonly positions: readonly (number | null)[]
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

/** What share of the lines each emotion has; most lines have none. */
function emotionsOf(felt: readonly (Feeling | null)[]): Step['emotions'] {
  const shares: Partial<Record<Feeling, number>> = {}
  for (const each of felt) if (each !== null) shares[each] = (shares[each] ?? 0) + 1 / felt.length
  return shares
}

/** The emotions that were there at all, those most felt first. */
export function emotionsIn(steps: readonly Step[]): readonly Feeling[] {
  const sums = new Map<Feeling, number>()
  for (const { emotions } of steps)
    for (const [name, share] of Object.entries(emotions) as [Feeling, number][])
      sums.set(name, (sums.get(name) ?? 0) + share)
  return [...sums].toSorted(([, a], [, b]) => b - a).map(([name]) => name)
}

/** The emotion of a run that most of its lines have; null where none has any. */
export function strongest({ emotions }: Step): Feeling | null {
  const found = Object.entries(emotions).toSorted(([, a], [, b]) => b - a)[0]
  return found ? (found[0] as Feeling) : null
}

/** The places of the messages by their seq. */
function placesOf(differences: readonly number[]): ReadonlyMap<number, number> {
  let seq = 0
  return new Map(
    differences.map((difference, place) => {
      seq += difference
      return [seq, place]
    }),
  )
}

export function stepsOf({ score, course, shares }: Analytics, cast: number, most = STEPS): readonly Step[] {
  const places = placesOf(score.seq)
  const count = score.words.length
  const size = Math.max(LEAST, Math.ceil(count / most))
  const steps: Step[] = []
  let spent = 0
  for (let from = 0; from < count; from += size) {
    const to = Math.min(count, from + size)
    const part = <T>(values: readonly T[] | undefined) => values?.slice(from, to) ?? []
    const words = part(score.words)
    const speakers = part(score.participant)
    const partners = part(score.partner)
    /** Of a line that two say together each has half. */
    const said = (who: number) =>
      sum(
        words.map((count, index) => {
          const [one, other = -1] = [speakers[index], partners[index]]
          return who !== one && who !== other ? 0 : other < 0 ? count : count / 2
        }),
      )
    const spoken = Array.from({ length: cast }, (_, who) => said(who))
    const ofCast = sum(spoken)
    const stood = course?.positions.filter(({ seq }) => {
      const place = places.get(seq) ?? -1
      return from <= place && place < to
    })
    spent += sum(part(course?.cost))
    // The first difference of all is to nothing: a gap begins with the second message.
    const gaps = score.at.slice(Math.max(1, from), to)
    const minutes = sum(gaps) / MINUTE_MS
    steps.push({
      first: from + 1,
      last: to,
      shares: spoken.map((count) => (ofCast === 0 ? 0 : count / ofCast)),
      linesPerMinute: minutes > 0 ? gaps.length / minutes : null,
      sentiment: meanOf(part(course?.sentiment)),
      energy: meanOf(part(course?.energy)),
      emotions: emotionsOf(part(course?.emotion)),
      positions: Array.from({ length: cast }, (_, who) =>
        meanOf(
          (stood ?? [])
            .filter(({ participant_id }) => participant_id === shares[who]?.participant_id)
            .map(({ value }) => value),
        ),
      ),
      cost: spent,
    })
  }
  return steps
}

/** Parts of a line through points `[x, y]`, broken where a value is not known unless they are to be joined. */
export function lineThrough(
  values: readonly (number | null)[],
  {
    low,
    high,
    width,
    height,
  }: { readonly low: number; readonly high: number; readonly width: number; readonly height: number },
  join = false,
): string {
  const step = width / Math.max(1, values.length - 1)
  const span = high - low || 1
  let down = false
  return values
    .map((value, index) => {
      if (value === null) {
        down &&= join
        return ''
      }
      const y = height - ((Math.min(high, Math.max(low, value)) - low) / span) * height
      const command = down ? 'L' : 'M'
      down = true
      // Joined points are often alone: with nothing to be joined to, one is a dot.
      const dot = join && command === 'M' ? 'h0' : ''
      return `${command}${(index * step).toFixed(1)} ${y.toFixed(1)}${dot}`
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
