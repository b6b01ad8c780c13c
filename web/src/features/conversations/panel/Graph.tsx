/** How the cast stand to each other, drawn: masks in a ring, feelings as strokes, camps as grounds they stand on. */
import clsx from 'clsx'
import { gelOf } from '#design/gels.ts'
import { MASK_HEIGHT, MASK_WIDTH } from '#design/mask.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { Mask } from '#ui/Mask.tsx'
import { bowed, outlineOf, type Point, places, strokes } from '../model/graph.ts'
import { campsOf, type Pair } from '../model/ledger.ts'
import './Graph.css'

const WIDTH = 292
/** With more people the masks are smaller. */
const CROWDED = 5

export interface GraphProps {
  readonly state: ConversationState
  readonly people: readonly string[]
  readonly pairs: readonly Pair[]
  /** The camps by which the masks are put in order; they keep their places while history is looked at. */
  readonly order: readonly (readonly string[])[]
  readonly height: number
  readonly chosen?: string | null
  readonly onChoose?: (pair: string) => void
}

function Node({
  state,
  id,
  at,
  size,
}: {
  readonly state: ConversationState
  readonly id: string
  readonly at: Point
  readonly size: number
}) {
  const seat = state.participants.find((each) => each.id === id)
  const tall = (size * MASK_HEIGHT) / MASK_WIDTH
  return (
    <g data-gel={gelOf(seat?.color)}>
      <g transform={`translate(${at.x - size / 2} ${at.y - tall / 2})`}>
        <Mask mask={seat?.mask ?? id} size={size} />
      </g>
      <text className="graph-name" x={at.x} y={at.y + tall / 2 + 14}>
        {seat?.short ?? id}
      </text>
    </g>
  )
}

interface LinkProps {
  readonly pair: Pair
  readonly at: ReadonlyMap<string, Point>
  readonly room: number
  readonly faded: boolean
  readonly onChoose: ((pair: string) => void) | undefined
}

function Link({ pair, at, room, faded, onChoose }: LinkProps) {
  const drawn = strokes(pair, at, room)
  const [one, other] = [at.get(pair.there.from), at.get(pair.there.to)]
  const label = panel.state(pair.allied, pair.conflict)
  if (!one || !other) return null
  const { middle } = bowed(one, other, room, 0)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table below does the same by key; this is for the hand that points
    <g
      className={clsx('graph-link', faded && 'graph-faded', onChoose && 'graph-choose')}
      data-conflict={pair.conflict}
      onClick={onChoose && (() => onChoose(pair.id))}
    >
      {drawn.map(({ id, path, head, width, kind }) => (
        <g key={id} data-kind={kind}>
          {onChoose && <path className="graph-hit" d={path} />}
          <path className="graph-stroke" d={path} strokeWidth={width} />
          {head !== '' && <path className="graph-head" d={head} />}
        </g>
      ))}
      {label !== '' && (
        <text className="graph-label" x={middle.x} y={middle.y + 4}>
          {label}
        </text>
      )}
    </g>
  )
}

export function Graph({ state, people, pairs, order, height, chosen = null, onChoose }: GraphProps) {
  const size = people.length > CROWDED ? 28 : 36
  const frame = { width: WIDTH, height, room: size * 0.72 }
  // The names stand below the masks: all of it together is in the middle.
  const at = places(people, order, { ...frame, height: height - 14 })
  const sides = campsOf(people, pairs)
  return (
    <svg
      className={clsx('graph', sides.length > 0 && 'graph-camps')}
      viewBox={`0 0 ${WIDTH} ${height}`}
      width="100%"
      aria-hidden="true"
    >
      {sides.map((side) => (
        <path key={side.join()} className="graph-camp" d={outlineOf(side, at)} strokeWidth={size * 2.3} />
      ))}
      {pairs.toReversed().map((pair) => (
        <Link
          key={pair.id}
          pair={pair}
          at={at}
          room={frame.room}
          faded={chosen !== null && chosen !== pair.id}
          onChoose={onChoose}
        />
      ))}
      {people.map((id) => {
        const place = at.get(id)
        return place && <Node key={id} state={state} id={id} at={place} size={size} />
      })}
    </svg>
  )
}
