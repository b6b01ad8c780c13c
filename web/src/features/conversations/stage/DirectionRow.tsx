/** A stage direction: what happened between the lines, in italics. */
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { Direction, Happening } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import { useView } from './playing.tsx'
import './DirectionRow.css'

function text(what: Happening, nameOf: (id: string) => string, leadOf: (id: string) => string): string {
  const { directions } = stage
  switch (what.type) {
    case 'conversation.started':
      return directions.started
    case 'conversation.resumed':
      return directions.resumed
    case 'conversation.cleared':
      return directions.cleared
    case 'conversation.paused':
      return directions.paused(what.because)
    case 'conversation.ended':
      return directions.ended
    case 'participant.joined':
      return directions.joined(nameOf(what.participantId))
    case 'participant.recast':
      return directions.recast(nameOf(what.participantId), what)
    case 'participant.left':
      return directions.left(nameOf(what.participantId))
    case 'participant.muted':
      return what.because === 'conflict'
        ? directions.sitsOut(nameOf(what.participantId))
        : directions.muted(nameOf(what.participantId))
    case 'participant.unmuted':
      return directions.unmuted(nameOf(what.participantId))
    case 'participant.invited':
      return directions.invited(nameOf(what.participantId))
    case 'alliance':
      return directions.alliance(nameOf(what.from), nameOf(what.to), what.formed)
    case 'hostile':
      return directions.hostile(nameOf(what.from), nameOf(what.to))
    case 'overlap':
      return directions.overlap(nameOf(what.participantId))
    case 'topic.changed':
      return directions.topic(what.topic)
    case 'understudy':
      return directions.understudy(nameOf(what.participantId), what.route, leadOf(what.participantId))
    // By order of the house: what fails by itself is told in `FailureRow`.
    case 'turn.failed':
      return directions.silent(nameOf(what.participantId))
  }
}

function because(what: Happening): string {
  if (what.type === 'conversation.paused') {
    const why = what.because === null ? '' : stage.pausedBecause(what.because)
    return what.resumeAt === null ? why : `${why} ${stage.resumesAt(new Date(what.resumeAt), what.because)}`
  }
  if (what.type === 'conversation.ended') return stage.endedBecause(what.because)
  return ''
}

export const DirectionRow = memo(function DirectionRow({ direction }: { readonly direction: Direction }) {
  const { state } = useView()
  const nameOf = (id: string) => state.participants.find((each) => each.id === id)?.name ?? id
  const { what } = direction
  const leadOf = (id: string) => state.participants.find((each) => each.id === id)?.provider ?? ''
  const reason = because(what)
  const admin = what.type === 'conversation.paused' ? stage.toAdmin[what.because ?? ''] : undefined
  return (
    <div className="direction" id={`row-${direction.id}`}>
      <p className="t-direction">
        {text(what, nameOf, leadOf)}
        {reason !== '' && <span className="direction-because"> {reason}</span>}
        {admin !== undefined && (
          <Link to="/admin/providers" className="direction-link">
            {admin}
          </Link>
        )}
      </p>
    </div>
  )
})
