/** How good the talk is and how much tension there is in it, with the parts the score is made of. */
import type { Quality } from '#lib/api/types.ts'
import { messageCount } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Meter } from '#ui/Meter.tsx'
import { Sparkline } from '#ui/Sparkline.tsx'
import { qualityQuery } from '../api/minds.ts'
import { Section } from './Section.tsx'
import { useFresh } from './useFresh.ts'

type Scored = NonNullable<Quality['latest']>

/** So many lines lie between two scores; it is asked a little more often, as viewers' lines count too. */
const BETWEEN_SCORES = 4

interface FigureProps {
  readonly title: string
  /** 0…100, oldest first. */
  readonly values: readonly number[]
  /** By how much it changed since the topic began; null if it began before all scores. */
  readonly change: number | null
  readonly tense?: boolean
}

function Figure({ title, values, change, tense = false }: FigureProps) {
  const now = values.at(-1) ?? null
  const said =
    now === null ? '' : change === null || Math.round(change) === 0 ? panel.level : panel.change(change)
  return (
    <Section
      title={title}
      aside={
        <span key={`${said}${now}`} className="panel-figures">
          <span className="t-time">{said}</span>
          <span className="t-figure">{panel.figure(now)}</span>
        </span>
      }
    >
      <div className={tense ? 'score-line score-line-tense' : 'score-line'}>
        <Sparkline values={values.map((value) => value / 100)} height={48} />
      </div>
    </Section>
  )
}

function Parts({ scored }: { readonly scored: Scored }) {
  return (
    <ul className="parts">
      {panel.partOrder.map((name) => {
        const value = scored.components[name]
        return (
          <li key={name}>
            <b>{panel.part(name)}</b>
            <span className="t-time">{value === undefined ? '–' : panel.percent(value)}</span>
            <Meter label={panel.part(name)} value={value ?? 0} />
            <em>{value === undefined ? panel.tooFew : panel.partAbout(name)}</em>
          </li>
        )
      })}
    </ul>
  )
}

function foretold(prediction: Quality['prediction'] | null): string {
  if (prediction === null) return '\u00a0'
  if ('probability' in prediction) return panel.foretoldBy(prediction.votes)
  return panel.notForetold(prediction.because, prediction.votes, prediction.needed)
}

/** How likely it is to please, where that is worth more than a guess; its place is kept until that is known. */
function Foretold({ prediction }: { readonly prediction: Quality['prediction'] | null }) {
  const figure = prediction && 'probability' in prediction ? panel.percent(prediction.probability) : '–'
  return (
    <Section
      title={panel.foretold}
      aside={
        <span key={figure} className="t-figure">
          {figure}
        </span>
      }
    >
      <p className="panel-note t-time">{foretold(prediction)}</p>
    </Section>
  )
}

const changeOf = (values: readonly number[], before: number | null) =>
  before === null || values.length === 0 ? null : (values.at(-1) ?? 0) - before

export function Scores({ state }: { readonly state: ConversationState }) {
  const result = useFresh(qualityQuery(state.id), Math.floor(messageCount(state) / BETWEEN_SCORES))
  const { error, refetch } = result
  const { history: data = [], prediction = null } = result.data ?? {}
  const topicSeq = state.topics.at(-1)?.seq ?? 0
  const before = data.findLast(({ seq }) => seq <= topicSeq) ?? data[0]
  const tensions = data.flatMap(({ components: { tension } }) =>
    tension === undefined ? [] : [tension * 100],
  )
  const tenseBefore = before?.components.tension
  const latest = data.at(-1)
  if (error && data.length === 0) {
    return (
      <Section title={panel.quality}>
        <ErrorNote error={error} onRetry={() => void refetch()} />
      </Section>
    )
  }
  return (
    <>
      <Figure
        title={panel.quality}
        values={data.map(({ score }) => score)}
        change={changeOf(
          data.map(({ score }) => score),
          before?.score ?? null,
        )}
      />
      {latest ? (
        <details className="panel-more">
          <summary>{panel.parts}</summary>
          <Parts scored={latest} />
        </details>
      ) : (
        <p className="panel-more panel-empty">{panel.firstScore}</p>
      )}
      <Foretold prediction={prediction} />
      <Figure
        title={panel.tension}
        values={tensions}
        change={changeOf(tensions, tenseBefore === undefined ? null : tenseBefore * 100)}
        tense
      />
    </>
  )
}
