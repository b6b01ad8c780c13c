/** What a screen shows that failed; the frame keeps working. */
import type { ErrorComponentProps } from '@tanstack/react-router'
import { asProblem } from '#lib/api/problem.ts'
import { en } from '#messages/en.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { NothingHere } from '#ui/NothingHere.tsx'
import { Page } from '#ui/Page.tsx'

export function NotFoundPage() {
  return <NothingHere />
}

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  if (asProblem(error).notFound) return <NothingHere />
  return (
    <Page title={en.errors.title}>
      <ErrorNote error={error} onRetry={reset} />
      <Button onClick={() => window.location.reload()}>{en.errors.reload}</Button>
    </Page>
  )
}
