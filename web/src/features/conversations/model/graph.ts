/** Where the masks of the relations graph stand, and how the strokes between them run. Pure. */
import { type Pair, SLIGHT } from './ledger.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Frame {
  readonly width: number
  readonly height: number
  /** From a mask's middle to where a stroke may begin. */
  readonly room: number
}

/** One feeling as it is drawn. */
export interface Stroke {
  readonly id: string
  readonly path: string
  /** The point of the arrow; none on what is hardly felt. */
  readonly head: string
  readonly width: number
  readonly kind: 'likes' | 'dislikes' | 'slight'
}

const ACROSS = 0.36
const DOWN = 0.35
const BOW = 13
const HEAD = 5

/** In a ring, who stand together side by side; the same cast always stands in the same places. */
export function places(
  people: readonly string[],
  camps: readonly (readonly string[])[],
  { width, height }: Frame,
): ReadonlyMap<string, Point> {
  const ordered = camps.length > 0 ? camps.flat() : people
  const first = people.length === 2 ? Math.PI : -Math.PI / 2
  const heights = ordered.map(
    (_, index) => Math.sin(first + (index / people.length) * 2 * Math.PI) * height * DOWN,
  )
  // Three have one above and two below: all of them together are in the middle.
  const aside = (Math.min(...heights) + Math.max(...heights)) / 2
  return new Map(
    ordered.map((id, index) => {
      const angle = first + (index / people.length) * 2 * Math.PI
      const y = height / 2 + (heights[index] ?? 0) - aside
      return [id, { x: width / 2 + Math.cos(angle) * width * ACROSS, y }]
    }),
  )
}

const fixed = (value: number) => Number(value.toFixed(1))

/** The way from one mask to another, bowed to one side, so that both ways can be seen. */
export function bowed(from: Point, to: Point, room: number, bow: number) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length }
  const aside = { x: -along.y * bow, y: along.x * bow }
  const at = (distance: number, share: number): Point => ({
    x: from.x + along.x * distance + aside.x * share,
    y: from.y + along.y * distance + aside.y * share,
  })
  const [start, end] = [at(room, 0.4), at(length - room, 0.4)]
  const middle = at(length / 2, 1.6)
  return { start, middle, end }
}

function arrow({ middle, end }: { readonly middle: Point; readonly end: Point }): string {
  const angle = Math.atan2(end.y - middle.y, end.x - middle.x)
  const wing = (turn: number) =>
    `${fixed(end.x - HEAD * Math.cos(angle + turn))} ${fixed(end.y - HEAD * Math.sin(angle + turn))}`
  return `M${wing(0.55)}L${fixed(end.x)} ${fixed(end.y)}L${wing(-0.55)}`
}

function kindOf(affinity: number): Stroke['kind'] {
  if (Math.abs(affinity) < SLIGHT) return 'slight'
  return affinity > 0 ? 'likes' : 'dislikes'
}

/** Both feelings of a pair; one thin line where neither is worth telling. */
export function strokes(
  { id, there, back }: Pair,
  at: ReadonlyMap<string, Point>,
  room: number,
): readonly Stroke[] {
  const [one, other] = [at.get(there.from), at.get(there.to)]
  if (!one || !other) return []
  const drawn = [
    { tie: there, from: one, to: other },
    { tie: back, from: other, to: one },
  ].filter(({ tie }) => kindOf(tie.affinity) !== 'slight')
  if (drawn.length === 0) {
    const { start, end } = bowed(one, other, room, 0)
    const path = `M${fixed(start.x)} ${fixed(start.y)}L${fixed(end.x)} ${fixed(end.y)}`
    return [{ id, path, head: '', width: 1, kind: 'slight' }]
  }
  return drawn.map(({ tie, from, to }) => {
    const way = bowed(from, to, room, BOW)
    const path = `M${fixed(way.start.x)} ${fixed(way.start.y)}Q${fixed(way.middle.x)} ${fixed(way.middle.y)} ${fixed(way.end.x)} ${fixed(way.end.y)}`
    const width = fixed(0.8 + 3.4 * Math.abs(tie.affinity))
    return { id: `${tie.from}>${tie.to}`, path, head: arrow(way), width, kind: kindOf(tie.affinity) }
  })
}

/** The outline around those who stand together, to be drawn with a broad round stroke. */
export function outlineOf(side: readonly string[], at: ReadonlyMap<string, Point>): string {
  const points = side.flatMap((id) => at.get(id) ?? [])
  const [first] = points
  if (!first) return ''
  const middle = {
    x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
    y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
  }
  const around = points.toSorted(
    (a, b) => Math.atan2(a.y - middle.y, a.x - middle.x) - Math.atan2(b.y - middle.y, b.x - middle.x),
  )
  // A point alone has no way to go: a hair's breadth makes its round end visible.
  const way = points.length === 1 ? [first, { x: first.x + 0.1, y: first.y }] : around
  return `M${way.map(({ x, y }) => `${fixed(x)} ${fixed(y)}`).join('L')}Z`
}
