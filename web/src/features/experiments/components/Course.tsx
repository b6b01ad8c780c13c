/** How an experiment went: the difference over the votes, and beneath it the evidence with its mark. */
import { useSyncExternalStore } from 'react'
import type { Experiment } from '#lib/api/types.ts'
import { experiments as say } from '#messages/experiments.ts'
import { FRAME, HEIGHT, LOWER_TOP, pathOf, scalesOf } from '../model/course.ts'
import './Course.css'

const NARROW = '(max-width: 759.98px)'
/** As wide as its page, so that its words keep their size. */
const widthOf = (narrow: boolean) => (narrow ? 330 : 640)

function onWidth(changed: () => void) {
  const query = matchMedia(NARROW)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}

const points = (difference: number) => `${difference > 0 ? '+' : ''}${Math.round(difference * 100)}`

export function Course({ experiment }: { readonly experiment: Experiment }) {
  const narrow = useSyncExternalStore(onWidth, () => matchMedia(NARROW).matches)
  const { course, decides_at } = experiment
  const last = course.at(-1)
  if (!last) return <p className="field-hint">{say.chartNone}</p>
  const width = widthOf(narrow)
  const { x, up, down, reach, votes } = scalesOf(course, decides_at, width)
  const right = width - FRAME.right
  return (
    <figure className="course">
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={say.chart(course.length, last.judged, last.difference, last.lambda)}
      >
        <text className="course-word" x={FRAME.left} y={FRAME.top - 3}>
          {say.differenceAxis}
        </text>
        {[reach, 0, -reach].map((difference) => (
          <g key={difference}>
            <path
              className={difference === 0 ? 'course-zero' : 'course-line'}
              d={`M${FRAME.left} ${up(difference)}H${right}`}
            />
            <text className="course-word" x={FRAME.left - 10} y={up(difference) + 4} textAnchor="end">
              {points(difference)}
            </text>
          </g>
        ))}
        <path
          className="course-difference"
          d={pathOf(course.map(({ judged, difference }) => [x(judged), up(difference)]))}
        />
        <circle className="course-now" cx={x(last.judged)} cy={up(last.difference)} r="4" />
        <text className="course-word" x={FRAME.left} y={LOWER_TOP - 6}>
          {say.evidenceAxis(decides_at)}
        </text>
        <path className="course-mark" d={`M${FRAME.left} ${down(decides_at)}H${right}`} />
        {[decides_at, 1].map((lambda) => (
          <text
            key={lambda}
            className="course-word"
            x={FRAME.left - 10}
            y={down(lambda) + 4}
            textAnchor="end"
          >
            {lambda}
          </text>
        ))}
        <path className="course-line" d={`M${FRAME.left} ${down(1)}H${right}`} />
        <path
          className="course-evidence"
          d={pathOf(course.map(({ judged, lambda }) => [x(judged), down(lambda)]))}
        />
        <circle className="course-now" cx={x(last.judged)} cy={down(last.lambda)} r="4" />
        <text className="course-word" x={FRAME.left} y={HEIGHT - 4}>
          0
        </text>
        <text className="course-word" x={right} y={HEIGHT - 4} textAnchor="end">
          {votes} {say.votes}
        </text>
      </svg>
      <Table course={course} />
    </figure>
  )
}

/** The same figures for readers and for whoever wants them exactly, the newest first. */
function Table({ course }: { readonly course: Experiment['course'] }) {
  return (
    <details className="course-table">
      <summary>{say.asTable}</summary>
      <div>
        <table>
          <thead>
            <tr className="t-caption">
              <th scope="col">{say.votes}</th>
              <th scope="col">{say.difference}</th>
              <th scope="col">{say.evidence}</th>
            </tr>
          </thead>
          <tbody>
            {course.toReversed().map(({ judged, difference, lambda }) => (
              <tr key={judged}>
                <th scope="row">{judged}</th>
                <td>{say.said(difference)}</td>
                <td>{lambda.toFixed(2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
