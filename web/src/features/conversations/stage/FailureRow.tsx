/** Turns that failed one after the other, told as one direction: who, why, and when it is tried again. */
import { memo } from 'react'
import { failures as words } from '#messages/failures.ts'
import { stage } from '#messages/stage.ts'
import { useBehind } from './lookBehind.tsx'
import type { Failed } from './placed.ts'
import { useNow, useView } from './playing.tsx'
import './DirectionRow.css'

/** Counts down to the next turn, as far as the house has said when it comes. */
function Retry() {
  const { nextTurnAt } = useView()
  const now = useNow()
  if (nextTurnAt === null) return words.willRetry
  return words.triesAgain(Math.max(0, Math.ceil((Date.parse(nextTurnAt) - now) / 1000)))
}

export interface FailureRowProps {
  readonly id: string
  readonly failures: readonly [Failed, ...Failed[]]
  /** Nothing has happened since. */
  readonly latest: boolean
}

function FailureRow({ id, failures, latest }: FailureRowProps) {
  const { state } = useView()
  const last = failures.at(-1) ?? failures[0]
  const { what } = last
  const lookBehind = useBehind()
  const people = [...new Set(failures.map((each) => each.what.participantId))].map(
    (who) => state.participants.find((each) => each.id === who)?.name ?? who,
  )
  const waiting = latest && what.retryable && state.status === 'running'
  return (
    <div className="direction" id={`row-${id}`}>
      <p className="t-direction">
        {words.failed(people, failures.length)}{' '}
        <span className="direction-because">
          {words.reason(what.code)} {waiting && <Retry />}
        </span>
      </p>
      <details className="direction-details">
        <summary>{stage.details}</summary>
        <p className="t-time">{words.details(what.code, what.detail)}</p>
        {!what.retryable && <p>{words.wontRetry}</p>}
        <button type="button" className="direction-link" onClick={() => lookBehind(last)}>
          {stage.lookBehind}
        </button>
      </details>
    </div>
  )
}

export default memo(FailureRow)
