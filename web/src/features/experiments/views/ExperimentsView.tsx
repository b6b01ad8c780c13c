/** Admin → Experiments: what is being compared, what was found, and a new comparison. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { experiments as say } from '#messages/experiments.ts'
import { Button } from '#ui/Button.tsx'
import { EmptyState } from '#ui/EmptyState.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Page } from '#ui/Page.tsx'
import { experimentsQuery } from '../api/experiments.ts'
import { ExperimentCard } from '../components/ExperimentCard.tsx'
import { NewExperiment } from '../components/NewExperiment.tsx'
import './ExperimentsView.css'

export function ExperimentsView() {
  const { data, error, refetch, isPending } = useQuery(experimentsQuery())
  /** What a new one is called at first; undefined while none is written. */
  const [writing, setWriting] = useState<string>()
  return (
    <Page
      title={say.title}
      caption={
        <Link to="/admin/providers">
          ← {say.caption} · {say.back}
        </Link>
      }
      className="experiments"
      actions={writing === undefined && <Button onClick={() => setWriting('')}>{say.begin}</Button>}
    >
      <p className="experiments-about">{say.about}</p>
      {writing !== undefined && <NewExperiment suggested={writing} onDone={() => setWriting(undefined)} />}
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <div className="experiments-list" aria-busy={isPending}>
        {isPending && <div className="experiment experiment-waiting" aria-hidden="true" />}
        {data?.map((each) => (
          <ExperimentCard key={each.id} experiment={each} />
        ))}
      </div>
      {data?.length === 0 && writing === undefined && (
        <EmptyState
          title={say.none}
          actions={
            <Button variant="primary" onClick={() => setWriting(say.suggested)}>
              {say.suggest}
            </Button>
          }
        >
          <p>{say.noneAbout}</p>
        </EmptyState>
      )}
    </Page>
  )
}
