/** What a screen shows that failed, or an address behind which there is nothing; the frame keeps working. */
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { asProblem } from '#lib/api/problem.ts'
import { en } from '#messages/en.ts'
import { Button } from '#ui/Button.tsx'
import { EmptyState } from '#ui/EmptyState.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'

export function NotFoundPage() {
  return (
    <main id="main" className="page" tabIndex={-1}>
      <EmptyState
        level={1}
        title={en.errors.notFound}
        actions={
          <Link className="button button-quiet button-medium" to="/">
            {en.actions.live}
          </Link>
        }
      >
        {en.errors.notFoundAbout}
      </EmptyState>
    </main>
  )
}

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  if (asProblem(error).notFound) return <NotFoundPage />
  return (
    <main id="main" className="page" tabIndex={-1}>
      <h1 className="visually-hidden">{en.errors.title}</h1>
      <div className="page-column">
        <ErrorNote error={error} onRetry={reset} />
        <Button variant="plain" onClick={() => window.location.reload()}>
          {en.errors.reload}
        </Button>
      </div>
    </main>
  )
}
