/** The score: one bar a message, and the slider through the script. */
import {
  type KeyboardEvent,
  lazy,
  type PointerEvent,
  Suspense,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useActions } from '#actions/registry.ts'
import { gelOf } from '#design/gels.ts'
import type { ConversationState } from '#live/state.ts'
import { score as words } from '#messages/score.ts'
import { stage } from '#messages/stage.ts'
import { useView } from './playing.tsx'
import { type Bar, noteAt, outline, readable, scoreOf } from './score.ts'
import { useScriptPosition } from './scriptPosition.tsx'
import './Score.css'

const Phases = lazy(() => import('./Phases.tsx'))

const HEIGHT = 50
const NAME_ROOM = 104

function useWidth() {
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width))
    if (element.current) observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return { element, width }
}

function byGel(
  bars: readonly Bar[],
  { participants }: ConversationState,
): ReadonlyMap<string, readonly Bar[]> {
  const colors = new Map(participants.map(({ id, color }) => [id, gelOf(color)]))
  const groups = new Map<string, Bar[]>()
  for (const bar of bars) {
    const gel = colors.get(bar.participantId ?? '') ?? 'none'
    groups.set(gel, [...(groups.get(gel) ?? []), bar])
  }
  return groups
}

function valueText({ notes, participants }: ConversationState, index: number): string {
  const note = notes[index]
  if (!note) return words.empty
  const name = participants.find(({ id }) => id === note.participantId)?.short ?? stage.fromTheStalls
  return words.value(index + 1, notes.length, name, stage.time(new Date(note.at)))
}

/** The messages with which topics begin, for stepping from one to the next. */
function topicStarts({ notes, topics }: ConversationState): readonly number[] {
  return topics.map(({ seq }) => notes.findIndex((note) => note.seq > seq)).filter((index) => index >= 0)
}

export default function Score() {
  const { state } = useView()
  const { pinned, shown, script } = useScriptPosition()
  const { element, width } = useWidth()
  const score = useMemo(() => scoreOf(state.notes, state.topics, width), [state.notes, state.topics, width])
  const last = state.notes.length - 1
  const at = pinned
    ? last
    : Math.max(
        0,
        state.notes.findIndex(({ id }) => id === shown),
      )
  const place = pinned ? Math.min(width, score.end) : ((at + 0.5) / score.perBar) * score.slot

  const go = (index: number) => {
    const note = state.notes[Math.min(last, Math.max(0, index))]
    if (!note) return
    if (index >= last) script.current?.toEnd()
    else script.current?.toRow(note.id)
  }
  const topic = (direction: 1 | -1) => {
    const starts = topicStarts(state)
    go(
      direction > 0
        ? (starts.find((start) => start > at) ?? last)
        : (starts.findLast((start) => start < at) ?? 0),
    )
  }
  useActions([
    {
      id: 'conversation.next-topic',
      group: 'conversation',
      label: words.nextTopic,
      keys: [']'],
      run: () => topic(1),
    },
    {
      id: 'conversation.previous-topic',
      group: 'conversation',
      label: words.previousTopic,
      keys: ['['],
      run: () => topic(-1),
    },
  ])

  const onKeyDown = (event: KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowLeft':
        if (event.shiftKey) topic(-1)
        else go(at - 1)
        break
      case 'ArrowRight':
        if (event.shiftKey) topic(1)
        else go(at + 1)
        break
      case 'PageUp':
        go(at - 10)
        break
      case 'PageDown':
        go(at + 10)
        break
      case 'Home':
        go(0)
        break
      case 'End':
        go(last)
        break
      default:
        return
    }
    event.preventDefault()
  }
  const seek = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 1 || last < 0) return
    const { left } = event.currentTarget.getBoundingClientRect()
    const x = event.clientX - left
    go(x >= score.end ? last : noteAt(score, x, state.notes.length))
  }

  // Names end where the playhead's own word stands.
  const edge = pinned ? place - 12 : width
  // The first topic is usually the title, which is already said.
  const labels = readable(score.marks, NAME_ROOM).filter(
    ({ x, topic: name }) => x < edge - 44 && name !== state.title,
  )

  return (
    <div className="score">
      <div className="score-topics t-time" aria-hidden="true">
        {labels.map(({ x, topic: name }, index) => (
          <span
            key={`${x}${name}`}
            style={{ translate: `${x}px 0`, maxWidth: Math.max(0, (labels[index + 1]?.x ?? edge) - x - 14) }}
          >
            {name}
          </span>
        ))}
        {pinned && last >= 0 && state.status === 'running' && (
          <b style={{ translate: `calc(${Math.min(place, width - 12)}px - 50%) 0` }}>{stage.now}</b>
        )}
      </div>
      <div
        ref={element}
        className="score-bars"
        role="slider"
        tabIndex={0}
        aria-label={words.label}
        aria-valuemin={Math.min(1, last + 1)}
        aria-valuemax={last + 1}
        aria-valuenow={at + 1}
        aria-valuetext={valueText(state, at)}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          seek(event)
        }}
        onPointerMove={seek}
      >
        <svg viewBox={`0 0 ${Math.max(1, width)} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path className="score-line" d={`M0 ${HEIGHT / 2}H${width}`} />
          {[...byGel(score.bars, state)].map(([gel, bars]) => (
            <path key={gel} className="score-gel" data-gel={gel} d={outline(bars, HEIGHT / 2)} />
          ))}
          {score.marks.slice(1).map(({ x, topic: name }) => (
            <path key={`${x}${name}`} className="score-topic" d={`M${x} 0V${HEIGHT}`} />
          ))}
          {last >= 0 && (
            <rect
              className="score-head"
              x={Math.min(width - 3, Math.max(0, place - 1.5))}
              width="3"
              height={HEIGHT}
            />
          )}
        </svg>
      </div>
      <div className="score-phases">
        <Suspense>
          <Phases state={state} score={score} width={width} />
        </Suspense>
      </div>
    </div>
  )
}
