/** Says in one line what is wrong with the line to the house and will not mend itself at once. */
import { stage } from '#messages/stage.ts'
import { useCondition, useConnection } from './playing.tsx'

function useNotice(): string | null {
  const { degraded } = useCondition()
  const { why } = useConnection()
  if (why !== null) return stage.stopReasons[why]
  if (degraded === 'writes') return stage.unkept
  return degraded ? stage.degraded : null
}

export function Notice() {
  const notice = useNotice()
  // The region stays in the page so that screen readers notice what is put into it.
  return <div role="status">{notice !== null && <p className="house-notice">{notice}</p>}</div>
}
