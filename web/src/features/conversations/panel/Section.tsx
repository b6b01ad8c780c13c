/** One section of the panel: a caption, what is said beside it, and what it is about. */
import type { ReactNode } from 'react'
import { en } from '#messages/en.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'

export interface SectionProps {
  readonly title: string
  readonly aside?: ReactNode
  readonly children: ReactNode
}

export function Section({ title, aside, children }: SectionProps) {
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{title}</span>
        {aside}
      </h2>
      {children}
    </section>
  )
}

export interface AnsweredProps<Data> {
  readonly result: {
    readonly data: Data | undefined
    readonly error: Error | null
    readonly refetch: () => Promise<unknown>
  }
  readonly children: (data: Data) => ReactNode
}

/** What came back, or that it is on its way, or that it failed: what is there already stays. */
export function Answered<Data>({ result, children }: AnsweredProps<Data>) {
  const { data, error, refetch } = result
  if (data !== undefined) return children(data)
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />
  return (
    <p className="panel-empty" aria-busy="true">
      {en.common.loading}…
    </p>
  )
}
