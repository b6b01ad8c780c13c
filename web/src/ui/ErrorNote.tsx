/** A failure said in place, with its request id and a way to try again. */
import { asProblem } from '#lib/api/problem.ts'
import { reasonsOf } from '#lib/api/reasons.ts'
import { en } from '#messages/en.ts'
import { Button } from './Button.tsx'
import './ErrorNote.css'

export interface ErrorNoteProps {
  readonly error: unknown
  readonly onRetry?: () => void
}

export function ErrorNote({ error, onRetry }: ErrorNoteProps) {
  const problem = asProblem(error)
  const [said, ...more] = reasonsOf(problem)
  return (
    <div className="error-note" role="alert">
      <p className="error-note-title">{problem.offline ? en.errors.offlineTitle : en.errors.title}</p>
      <p>{said}</p>
      {more.length > 0 && (
        <ul>
          {more.map((message) => (
            <li key={message}>{message}</li>
          ))}
        </ul>
      )}
      {problem.requestId !== null && <p className="t-time">{en.errors.request(problem.requestId)}</p>}
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          {en.common.retry}
        </Button>
      )}
    </div>
  )
}
