/** The small pictures of the figures: a frame, a curve, a map of what was felt. */
import type { ReactNode } from 'react'
import { panel } from '#messages/panel.ts'
import { emotionsIn, lineThrough, type Step } from '../model/course.ts'
import { Section } from './Section.tsx'

export const WIDTH = 292
export const HEIGHT = 56

interface ChartProps {
  readonly title: string
  readonly now: string
  readonly last: number
  /** What above and below mean, where that is not plain. */
  readonly ends?: readonly string[]
  readonly children: ReactNode
}

export function Chart({ title, now, last, ends, children }: ChartProps) {
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
      {ends && (
        <p className="chart-poles t-time" aria-hidden="true">
          {ends.map((end) => (
            <span key={end}>{end}</span>
          ))}
        </p>
      )}
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
  /** Over what is not known the line goes on to what is known next. */
  readonly join?: boolean
}

export function Curve({ steps, of, low, high, middle, join = false }: CurveProps) {
  const frame = { low, high, width: WIDTH, height: HEIGHT - 4 }
  return (
    <g transform="translate(0 2)">
      <path className="chart-floor" d={lineThrough([middle ?? low, middle ?? low], frame)} />
      <path className="chart-line" d={lineThrough(steps.map(of), frame, join)} />
    </g>
  )
}

const ROW = 14

/** One row for each emotion that was there, the most felt first; the darker a cell, the more of its lines are full of it. */
export function Emotions({ steps }: { readonly steps: readonly Step[] }) {
  const rows = emotionsIn(steps)
  const wide = 100 / steps.length
  return (
    <Section title={panel.emotion}>
      {rows.length === 0 && <p className="panel-empty">{panel.noEmotion}</p>}
      <ul className="emotions" aria-hidden="true">
        {rows.map((name) => (
          <li key={name}>
            <span>{name}</span>
            <svg
              viewBox={`0 0 100 ${ROW}`}
              preserveAspectRatio="none"
              width="100%"
              height={ROW}
              aria-hidden="true"
            >
              {steps.map(({ first, emotions }, index) => (
                <rect
                  key={first}
                  x={index * wide}
                  width={Math.max(0.5, wide - 0.5)}
                  height={ROW}
                  fillOpacity={emotions[name] === undefined ? 0.06 : 0.25 + 0.75 * emotions[name]}
                />
              ))}
            </svg>
          </li>
        ))}
      </ul>
      {rows.length > 0 && <p className="panel-note t-time">{panel.emotionAbout}</p>}
    </Section>
  )
}
