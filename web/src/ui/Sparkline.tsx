/** A small line of values, newest at the right with a dot; decoration beside a figure that says it in text. */
import './Sparkline.css'

export interface SparklineProps {
  /** Each 0…1. */
  readonly values: readonly number[]
  readonly width?: number
  readonly height?: number
}

/** The points of the line, newest last; a single value is drawn as a level line. */
export function pointsOf(values: readonly number[], width: number, height: number): [number, number][] {
  const room = 4
  const y = (value: number) => room + (1 - Math.min(1, Math.max(0, value))) * (height - 2 * room)
  const step = (width - 2 * room) / Math.max(1, values.length - 1)
  return values.map((value, index) => [values.length === 1 ? width - room : index * step, y(value)])
}

export function Sparkline({ values, width = 292, height = 56 }: SparklineProps) {
  const points = pointsOf(values, width, height)
  const last = points.at(-1)
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      width="100%"
      height={height}
      aria-hidden="true"
    >
      <path className="sparkline-floor" d={`M0 ${height - 2.5}H${width}`} />
      {last && (
        <>
          <path
            className="sparkline-line"
            d={points
              .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
              .join('')}
          />
          <circle className="sparkline-now" cx={last[0]} cy={last[1]} r="3.5" />
        </>
      )}
    </svg>
  )
}
