/** How the talk went from its beginning to now: the floor, tempo, feelings, the topic, quality, cost; as pictures and as a table. */
import { useQuery } from '@tanstack/react-query'
import { gelOf } from '#design/gels.ts'
import type { Analytics } from '#lib/api/types.ts'
import { messageCount } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { courseQuery } from '../api/minds.ts'
import { conversationQuery } from '../api/queries.ts'
import { bands, type Step, stepsOf } from '../model/course.ts'
import { useView } from '../stage/playing.tsx'
import { Chart, Curve, Emotions, HEIGHT, WIDTH } from './Chart.tsx'
import { CourseTable } from './CourseTable.tsx'
import { QualityParts } from './QualityParts.tsx'
import { Answered, Section } from './Section.tsx'
import { useFresh } from './useFresh.ts'
import './Figures.css'

const most = (values: readonly (number | null)[]) => Math.max(...values.map((value) => value ?? 0), 0)

interface Member {
  readonly id: string
  readonly name: string
  readonly gel: string
}

/** Who was for the topic and who against it, as far as their lines took a side. */
function Positions({
  steps,
  cast,
  last,
}: {
  readonly steps: readonly Step[]
  readonly cast: readonly Member[]
  readonly last: number
}) {
  if (steps.every(({ positions }) => positions.every((value) => value === null))) {
    return (
      <Section title={panel.position}>
        <p className="panel-empty">{panel.noPosition}</p>
      </Section>
    )
  }
  return (
    <Chart title={panel.position} now="" ends={panel.positionEnds} last={last}>
      {cast.map(({ id, gel }, who) => (
        <g key={id} className="chart-own" data-gel={gel}>
          <Curve
            steps={steps}
            of={({ positions }) => positions[who] ?? null}
            low={-1}
            high={1}
            middle={0}
            join
          />
        </g>
      ))}
    </Chart>
  )
}

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
      <Emotions steps={steps} />
      <Positions steps={steps} cast={cast} last={last.last} />
      <Chart title={panel.energy} now={last.energy === null ? '–' : panel.energyWord(last.energy)} {...chart}>
        <Curve steps={steps} of={({ energy }) => energy} low={0} high={1} />
      </Chart>
      <QualityParts state={state} />
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
