/** What else is on now: one line of titles above the stage, there only when there is a choice. */
import clsx from 'clsx'
import type { Conversation } from '#lib/api/types.ts'
import { live } from '#messages/conversations.ts'
import { MaskRow } from '#ui/MaskRow.tsx'
import './OnNow.css'

export interface OnNowProps {
  readonly running: readonly Conversation[]
  readonly shown: string
  readonly onChoose: (id: string) => void
}

export function OnNow({ running, shown, onChoose }: OnNowProps) {
  const choice = running.some(({ id }) => id !== shown)
  if (!choice) return null
  return (
    <nav className="on-now" aria-label={live.onNow}>
      <span className="t-caption" aria-hidden="true">
        {live.onNow}
      </span>
      <ul>
        {running.map(({ id, title, topic, participants }) => (
          <li key={id}>
            <button
              type="button"
              className={clsx('on-now-item', id === shown && 'on-now-shown')}
              aria-current={id === shown ? 'true' : undefined}
              onClick={() => onChoose(id)}
            >
              <MaskRow cast={participants} size={18} />
              <span className="on-now-title">{title || topic}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  )
}
