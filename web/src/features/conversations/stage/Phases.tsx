/** The phases of the show, as a strip under the score. */
import { messageCount } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { phases as words } from '#messages/phases.ts'
import { phasesQuery } from '../api/queries.ts'
import { useFresh } from '../panel/useFresh.ts'
import { placeOf, type Score } from './score.ts'
import './Phases.css'

/** A phase lasts for many lines. */
const EVERY_LINES = 8

export interface PhasesProps {
  readonly state: ConversationState
  readonly score: Score
  readonly width: number
}

export default function Phases({ state, score, width }: PhasesProps) {
  const { data = [] } = useFresh(phasesQuery(state.id), Math.floor(messageCount(state) / EVERY_LINES))
  const marks = data.map(({ phase, from_seq }) => ({
    phase,
    from: from_seq,
    x: placeOf(state.notes, score, from_seq),
  }))
  return (
    <>
      <svg
        viewBox={`0 0 ${Math.max(1, width)} 4`}
        preserveAspectRatio="none"
        className="phases"
        aria-hidden="true"
      >
        {marks.map(({ phase, from, x }, index) => {
          const wide = (marks[index + 1]?.x ?? score.end) - x
          return wide <= 0 ? null : (
            <rect key={from} data-phase={phase} x={x} width={Math.max(1, wide - 2)} height="4" rx="2">
              <title>{words.name(phase)}</title>
            </rect>
          )
        })}
      </svg>
      {marks.length > 0 && <p className="visually-hidden">{words.now(marks.at(-1)?.phase ?? '')}</p>}
    </>
  )
}
