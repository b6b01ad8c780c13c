/** The geometry of the score: one bar a message, one path a colour. Pure. */
import type { Note, TopicMark } from '#live/state.ts'

export interface Bar {
  readonly x: number
  readonly width: number
  readonly up: number
  readonly down: number
  readonly participantId: string | null
}

export interface Mark {
  readonly x: number
  readonly topic: string
}

export interface Score {
  readonly bars: readonly Bar[]
  readonly marks: readonly Mark[]
  /** Where the next bar will stand. */
  readonly end: number
  /** Messages that one bar stands for; more than one when they no longer fit. */
  readonly perBar: number
  readonly slot: number
}

const WIDEST = 8
const NARROWEST = 3
const LOWEST = 3
const HIGHEST = 22

export function heightOf(words: number): number {
  return Math.min(HIGHEST, Math.max(LOWEST, Math.log2(1 + words) * 3.4))
}

/** A bar stands up when its message warmed relations, down when it cooled them; across the line when it did neither. */
function barOf(notes: readonly Note[], index: number, slot: number): Bar {
  const loudest = notes.reduce((a, b) => (b.words > a.words ? b : a))
  const warm = notes.reduce<number | null>(
    (sum, { warmth }) => (warmth === null ? sum : (sum ?? 0) + warmth),
    null,
  )
  const height = heightOf(loudest.words)
  const [up, down] = warm === null ? [height * 0.9, height * 0.5] : warm >= 0 ? [height, 0] : [0, height]
  return { x: index * slot, width: Math.max(1, slot * 0.7), up, down, participantId: loudest.participantId }
}

/** Where what began with an event stands on the score. */
export function placeOf(
  notes: readonly Note[],
  { perBar, slot }: Pick<Score, 'perBar' | 'slot'>,
  seq: number,
): number {
  const before = notes.findIndex((note) => note.seq > seq)
  return ((before < 0 ? notes.length : before) / perBar) * slot
}

export function scoreOf(notes: readonly Note[], topics: readonly TopicMark[], width: number): Score {
  const most = Math.max(1, Math.floor(width / NARROWEST))
  const perBar = Math.max(1, Math.ceil(notes.length / most))
  const count = Math.ceil(notes.length / perBar)
  const slot = count === 0 ? WIDEST : Math.min(WIDEST, width / count)
  const bars = Array.from({ length: count }, (_, index) =>
    barOf(notes.slice(index * perBar, (index + 1) * perBar), index, slot),
  )
  const marks = topics.map(({ topic, seq }) => ({ topic, x: placeOf(notes, { perBar, slot }, seq) }))
  return { bars, marks, end: count * slot, perBar, slot }
}

/** The outline of some bars around the line at `middle`; heights are given for a score 50 px high. */
export function outline(bars: readonly Bar[], middle: number): string {
  const unit = middle / 25
  return bars
    .map(({ x, width, up, down }) => {
      const top = (middle - up * unit).toFixed(1)
      return `M${x.toFixed(1)} ${top}h${width.toFixed(1)}v${((up + down) * unit).toFixed(1)}h-${width.toFixed(1)}z`
    })
    .join('')
}

/** The message under a place of the score. */
export function noteAt({ perBar, slot }: Score, x: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(x / slot) * perBar))
}

/** Names of topics that would overlap are left out, the newest one kept. */
export function readable(marks: readonly Mark[], room: number): readonly Mark[] {
  const kept: Mark[] = []
  for (const mark of marks.toReversed()) {
    const next = kept.at(-1)
    if (!next || next.x - mark.x >= room) kept.push(mark)
  }
  return kept.reverse()
}
