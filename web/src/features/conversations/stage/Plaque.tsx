/** What hangs before the curtain when nothing is being said: not begun, held, over, or somebody is slow. */
import { Link } from '@tanstack/react-router'
import { stage } from '#messages/stage.ts'
import { useNow, usePlaying, useView } from './playing.tsx'
import './Plaque.css'

const SLOW_MS = 8_000

interface Said {
  readonly title: string
  readonly text: string
  readonly another?: boolean
  /** What can be done about it is done in Admin. */
  readonly admin?: string
}

/** When it goes on; an hour that has passed is not named, for then the house keeps trying. */
function goesOn(at: string | null, because: string | null, now: number): string {
  if (at === null) return ''
  const date = new Date(at)
  return date.getTime() <= now ? stage.keepsTrying : stage.resumesAt(date, because)
}

function useSaid(): Said | null {
  const { state } = useView()
  const { live } = usePlaying()
  const now = useNow()
  switch (state.status) {
    case 'created':
      return state.title === '' ? null : { title: stage.createdTitle, text: stage.createdText }
    case 'paused': {
      const { pausedBecause: because, resumeAt } = state
      const admin = because === null ? undefined : stage.toAdmin[because]
      return {
        title: because === 'providers_down' ? stage.waitsTitle : stage.pausedTitle,
        text: [stage.pausedBecause(because), goesOn(resumeAt, because, now)].filter(Boolean).join(' '),
        ...(admin === undefined ? {} : { admin }),
      }
    }
    case 'ended':
      return { title: stage.endedTitle, text: stage.endedBecause(state.endedBecause), another: true }
    case 'running': {
      const turn = state.turns.at(-1)
      const silent = state.notes.length === 0 && turn && now - Date.parse(turn.at) > SLOW_MS
      if (!silent || live.store.draft(turn.messageId) !== '') return null
      const name = state.participants.find(({ id }) => id === turn.participantId)?.name ?? ''
      return { title: stage.takingTime(name), text: '' }
    }
  }
}

export function Plaque() {
  const said = useSaid()
  if (!said) return null
  return (
    <div className="plaque">
      <p className="plaque-title">{said.title}</p>
      {said.text !== '' && <p className="plaque-text">{said.text}</p>}
      {said.admin !== undefined && (
        <Link to="/admin/providers" className="plaque-link">
          {said.admin}
        </Link>
      )}
      {said.another === true && (
        <Link to="/new" className="plaque-link">
          {stage.startAnother}
        </Link>
      )}
    </div>
  )
}
