/** A failure said in place, with a way to try again; one of the house's own with the id under which its log has it. */
import { asProblem, type Problem } from '#lib/api/problem.ts'
import { reasonsOf } from '#lib/api/reasons.ts'
import { en } from '#messages/en.ts'
import { Button } from './Button.tsx'
import './ErrorNote.css'

/** `cast.1.max_turns` → `Max turns`; the last word that is no number. */
function fieldOf({ errors }: Problem): string {
  const name = errors[0]?.path.split('.').findLast((part) => !/^\d*$/.test(part)) ?? ''
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function titleOf(problem: Problem): string {
  if (problem.offline) return en.errors.offlineTitle
  if (problem.status >= 500) return en.errors.title
  return problem.status === 422 ? en.errors.invalidTitle(fieldOf(problem)) : en.errors.refusedTitle
}

export interface ErrorNoteProps {
  readonly error: unknown
  readonly onRetry?: () => void
}

export function ErrorNote({ error, onRetry }: ErrorNoteProps) {
  const problem = asProblem(error)
  const [said, ...more] = reasonsOf(problem)
  return (
    <div className="error-note" role="alert">
      <p className="error-note-title">{titleOf(problem)}</p>
      <p>{said}</p>
      {more.length > 0 && (
        <ul>
          {more.map((message) => (
            <li key={message}>{message}</li>
          ))}
        </ul>
      )}
      {problem.status >= 500 && problem.requestId !== null && (
        <p className="t-time">{en.errors.request(problem.requestId)}</p>
      )}
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          {en.common.retry}
        </Button>
      )}
    </div>
  )
}
