/** One comparison: its verdict in words, its two arms as bars with intervals, and how it went. */
import { useId, useState } from 'react'
import type { Experiment } from '#lib/api/types.ts'
import { experiments as say } from '#messages/experiments.ts'
import { Button } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Interval } from '#ui/Interval.tsx'
import { useStop } from '../api/experiments.ts'
import { told } from '../model/setups.ts'
import { Course } from './Course.tsx'

/** The two arms by colour, and always by letter too. */
const GELS = ['steel', 'amber'] as const

export function ExperimentCard({ experiment }: { readonly experiment: Experiment }) {
  const { name, status, verdict, arms, unit, difference, lambda, decides_at, least, better } = experiment
  const id = useId()
  const judged = arms.map(({ evidence: { good, bad } }) => good + bad)
  return (
    <article className="experiment" aria-labelledby={id}>
      <header className="experiment-head">
        <div>
          <p className="t-caption">
            {status === 'running' ? say.running : say.stopped} ·{' '}
            {experiment.stopped_at == null
              ? say.since(experiment.created_at)
              : say.until(experiment.stopped_at)}
          </p>
          <h2 id={id}>{name}</h2>
        </div>
        {status === 'running' && <Stop experiment={experiment} />}
      </header>
      <p className="experiment-verdict" data-verdict={verdict}>
        {say.verdict(verdict, { better, difference, judged, least, over: status === 'stopped' })}
      </p>
      <div className="experiment-columns">
        <div className="experiment-arms">
          {arms.map(({ setup, evidence }, place) => {
            const { rate, low, high, assignments, good, bad } = evidence
            return (
              <section key={say.arm(place)} data-gel={GELS[place]}>
                <h3>
                  <b>{say.arm(place)}</b> {told(setup)}
                </h3>
                <Interval
                  label={say.rate(place, rate, low, high)}
                  value={rate ?? undefined}
                  low={low}
                  high={high}
                />
                <p className="t-time">{say.figures(rate, assignments, good, bad, unit)}</p>
              </section>
            )
          })}
          <dl className="experiment-figures">
            <div>
              <dt className="t-caption">{say.difference}</dt>
              <dd>{difference == null ? say.noneYet : say.said(difference)}</dd>
            </div>
            <div>
              <dt className="t-caption">{say.evidence}</dt>
              <dd>{say.evidenceOf(lambda, decides_at)}</dd>
            </div>
          </dl>
        </div>
        <Course experiment={experiment} />
      </div>
    </article>
  )
}

function Stop({ experiment: { id, name } }: { readonly experiment: Experiment }) {
  const stop = useStop(id)
  const [asking, setAsking] = useState(false)
  return (
    <>
      {stop.error && <ErrorNote error={stop.error} />}
      <Button size="small" busy={stop.isPending} onClick={() => setAsking(true)}>
        {say.stop}
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={say.stopTitle(name)}
        description={say.stopAbout}
        confirm={say.stop}
        onConfirm={() => stop.mutate()}
      />
    </>
  )
}
