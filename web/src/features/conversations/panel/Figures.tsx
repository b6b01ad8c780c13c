/** How the talk went from its beginning to now: the floor, tempo, sentiment, the topic's energy, cost; as pictures and as a table. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { gelOf } from '#design/gels.ts'
import type { Analytics } from '#lib/api/types.ts'
import { messageCount } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { courseQuery } from '../api/minds.ts'
import { conversationQuery } from '../api/queries.ts'
import { bands, lineThrough, type Step, stepsOf } from '../model/course.ts'
import { useView } from '../stage/playing.tsx'
import { CourseTable } from './CourseTable.tsx'
import { Answered, Section } from './Section.tsx'
import { useFresh } from './useFresh.ts'
import './Figures.css'

const WIDTH = 292
const HEIGHT = 56

interface ChartProps {
  readonly title: string
  readonly now: string
  readonly last: number
  readonly children: ReactNode
}

function Chart({ title, now, last, children }: ChartProps) {
  return (
    <Section
      title={title}
      aside={
        <span key={now} className="t-time">
          {now}
        </span>
      }
    >
      <svg
        className="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        width="100%"
        height={HEIGHT}
        aria-hidden="true"
      >
        {children}
      </svg>
      <p className="chart-ends t-time" aria-hidden="true">
        <span>{panel.firstLine}</span>
        <span>{last}</span>
      </p>
    </Section>
  )
}

interface CurveProps {
  readonly steps: readonly Step[]
  readonly of: (step: Step) => number | null
  readonly low: number
  readonly high: number
  /** A line across, where there is a middle to stand on. */
  readonly middle?: number
}

function Curve({ steps, of, low, high, middle }: CurveProps) {
  const frame = { low, high, width: WIDTH, height: HEIGHT - 4 }
  return (
    <g transform="translate(0 2)">
      <path className="chart-floor" d={lineThrough([middle ?? low, middle ?? low], frame)} />
      <path className="chart-line" d={lineThrough(steps.map(of), frame)} />
    </g>
  )
}

const most = (values: readonly (number | null)[]) => Math.max(...values.map((value) => value ?? 0), 0)

function Course({
  state,
  course,
  estimated,
}: {
  readonly state: ConversationState
  readonly course: Analytics
  readonly estimated: boolean
}) {
  // The server names the cast by its places; who joined later comes after those who were there.
  const cast = course.shares.map(({ participant_id }) => {
    const seat = state.participants.find(({ id }) => id === participant_id)
    return { id: participant_id, name: seat?.short ?? participant_id, gel: gelOf(seat?.color) }
  })
  const steps = stepsOf(course, cast.length)
  const last = steps.at(-1)
  if (!last || steps.length < 2) return <p className="panel-wait panel-empty">{panel.noFigures}</p>
  const chart = { last: last.last }
  const fastest = most(steps.map(({ linesPerMinute }) => linesPerMinute))
  return (
    <>
      <Chart title={panel.floor} now="" {...chart}>
        {bands(steps, WIDTH, HEIGHT).map((d, index) => (
          <path key={cast[index]?.id} className="chart-band" data-gel={cast[index]?.gel} d={d} />
        ))}
      </Chart>
      <ul className="share-key chart-key">
        {cast.map(({ id, name, gel }) => (
          <li key={id} data-gel={gel}>
            <i aria-hidden="true" />
            <span>{name}</span>
          </li>
        ))}
      </ul>
      <Chart title={panel.tempo} now={panel.perMinute(last.linesPerMinute)} {...chart}>
        <Curve steps={steps} of={({ linesPerMinute }) => linesPerMinute} low={0} high={fastest} />
      </Chart>
      <Chart title={panel.sentiment} now={panel.sentimentWord(last.sentiment)} {...chart}>
        <Curve steps={steps} of={({ sentiment }) => sentiment} low={-1} high={1} middle={0} />
      </Chart>
      <Chart title={panel.energy} now={last.energy === null ? '–' : panel.energyWord(last.energy)} {...chart}>
        <Curve steps={steps} of={({ energy }) => energy} low={0} high={1} />
      </Chart>
      <Chart title={panel.cost} now={panel.costs(last.cost, estimated)} {...chart}>
        <Curve steps={steps} of={({ cost }) => cost} low={0} high={last.cost} />
      </Chart>
      <CourseTable steps={steps} names={cast.map(({ name }) => name)} estimated={estimated} />
    </>
  )
}

/** The course is long: it is asked for again every few lines. */
const EVERY_LINES = 3

export default function Figures() {
  const { state } = useView()
  const result = useFresh(courseQuery(state.id), Math.floor(messageCount(state) / EVERY_LINES))
  const { data: conversation } = useQuery(conversationQuery(state.id))
  const estimated = conversation?.cost.estimated ?? false
  return (
    <Answered result={result}>
      {(course) => <Course state={state} course={course} estimated={estimated} />}
    </Answered>
  )
}
