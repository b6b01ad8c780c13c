/** How the cast stood to each other at any moment: the ledger of relations, read up to a place in it. Pure. */
import type { Relations } from '#lib/api/types.ts'

type Receipt = Relations['history'][number]
export type Level = Relations['pairs'][number]['conflict']

export interface Ledger {
  readonly ties: Relations['ties']
  /** Every change, oldest first. */
  readonly history: readonly Receipt[]
}

/** What one feels for another at a moment. */
export interface Tie {
  readonly from: string
  readonly to: string
  readonly affinity: number
}

/** Two of the cast at a moment, both ways. */
export interface Pair {
  readonly id: string
  readonly there: Tie
  readonly back: Tie
  readonly allied: boolean
  readonly conflict: Level
  /** How much there is between them, 0…1. */
  readonly strength: number
}

/** A place in the ledger: the message that changed something, and how many changes are known with it. */
export interface Moment {
  readonly seq: number
  readonly at: string
  readonly evidence: string
  readonly changes: number
}

/** Feelings nearer to nothing than this are not worth a stroke. */
export const SLIGHT = 0.15

export const pairId = (one: string, other: string): string => [one, other].sort().join('+')

/** The messages that changed anything, oldest first. */
export function momentsOf({ history }: Ledger): readonly Moment[] {
  const moments: Moment[] = []
  for (const [index, { seq, at, evidence }] of history.entries()) {
    const moment = { seq, at, evidence, changes: index + 1 }
    if (moments.at(-1)?.evidence === evidence) moments[moments.length - 1] = moment
    else moments.push(moment)
  }
  return moments
}

/** How many of the moments had passed when a line was said: what it changed is told after it, and before the next one. */
export function passedAt(
  moments: readonly Moment[],
  lines: readonly { readonly seq: number }[],
  seq: number,
): number {
  const next = lines.find((line) => line.seq > seq)?.seq ?? Number.POSITIVE_INFINITY
  return moments.filter((moment) => moment.seq < next).length
}

/** The pairs of those present after so many changes, the strongest first. */
export function standing(
  { ties, history }: Ledger,
  people: readonly string[],
  changes = history.length,
): readonly Pair[] {
  const felt = new Map(ties.map(({ from, to, start }) => [`${from}>${to}`, start]))
  const allied = new Map<string, boolean>()
  const conflict = new Map<string, Level>()
  for (const { from, to, affinity, alliance, conflict: level } of history.slice(0, changes)) {
    felt.set(`${from}>${to}`, affinity)
    if (alliance) allied.set(pairId(from, to), alliance === 'formed')
    if (level) conflict.set(pairId(from, to), level)
  }
  const tie = (from: string, to: string): Tie => ({ from, to, affinity: felt.get(`${from}>${to}`) ?? 0 })
  const pairs = people.flatMap((one, place) =>
    people.slice(place + 1).map((other): Pair => {
      const id = pairId(one, other)
      const [there, back] = [tie(one, other), tie(other, one)]
      const strength = (Math.abs(there.affinity) + Math.abs(back.affinity)) / 2
      return {
        id,
        there,
        back,
        strength,
        allied: allied.get(id) ?? false,
        conflict: conflict.get(id) ?? 'banter',
      }
    }),
  )
  return pairs.sort((a, b) => weight(b) - weight(a))
}

/** What is plain to see comes first. */
function weight({ allied, conflict, strength }: Pair): number {
  return (conflict === 'hostile' ? 2 : 0) + (conflict === 'heated' ? 1 : 0) + (allied ? 1 : 0) + strength
}

/** The receipts of one pair, or of all, up to a moment; the newest first. */
export function receipts(
  { history }: Ledger,
  changes = history.length,
  pair: string | null = null,
): readonly Receipt[] {
  return history
    .slice(0, changes)
    .filter(({ from, to }) => pair === null || pairId(from, to) === pair)
    .reverse()
}

/** So little of the feeling may contradict two camps, and there must be so much of it. */
const CONTRADICTS = 0.15
const FEELS = 0.2

/** Two sides where most of the feeling runs between them; empty where nothing worth showing divides the cast. */
export function campsOf(people: readonly string[], pairs: readonly Pair[]): readonly (readonly string[])[] {
  const place = new Map(people.map((id, index) => [id, index]))
  const ties = pairs.map(({ there, back }) => ({
    one: place.get(there.from) ?? 0,
    other: place.get(there.to) ?? 0,
    value: (there.affinity + back.affinity) / 2,
  }))
  const total = ties.reduce((sum, { value }) => sum + Math.abs(value), 0)
  let [least, best] = [total, 0]
  for (let split = 0; split < 2 ** (people.length - 1); split += 1) {
    const side = (index: number) => (split >> index) & 1
    const against = ties.reduce(
      (sum, { one, other, value }) =>
        value !== 0 && value > 0 !== (side(one) === side(other)) ? sum + Math.abs(value) : sum,
      0,
    )
    if (against < least) [least, best] = [against, split]
  }
  if (total === 0 || best === 0 || least / total >= CONTRADICTS || total < FEELS * ties.length) return []
  return [0, 1].map((which) => people.filter((_, index) => ((best >> index) & 1) === which))
}
