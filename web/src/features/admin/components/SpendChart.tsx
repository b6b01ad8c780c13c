/** One bar a day, one piece a provider; the day under the pointer is read out above, and a table holds all of it. */
import { useState, useSyncExternalStore } from 'react'
import { gelOf } from '#design/gels.ts'
import { admin } from '#messages/admin.ts'
import { sayCost, sayMoney } from '#messages/money.ts'
import { colourOf } from '../model/light.ts'
import { type Day, scaleOf } from '../model/spending.ts'
import './SpendChart.css'

const HEIGHT = 190
const LEFT = 58
const FLOOR = 166
const TOP = 8
/** The drawing is as wide as its page, so that its words keep their size: a phone's, or all others'. */
const NARROW = '(max-width: 759.98px)'
const widthOf = (narrow: boolean) => (narrow ? 380 : 960)
/** Every so many days the date stands below. */
function labelEvery(count: number, narrow: boolean): number {
  if (count <= 7) return narrow ? 2 : 1
  return Math.ceil(count / (narrow ? 3 : 6))
}

function onWidth(changed: () => void): () => void {
  const query = matchMedia(NARROW)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}

export interface SpendChartProps {
  readonly days: readonly Day[]
  readonly titleOf: (name: string) => string
}

export function SpendChart({ days, titleOf }: SpendChartProps) {
  const [shown, setShown] = useState<number | null>(null)
  const narrow = useSyncExternalStore(onWidth, () => matchMedia(NARROW).matches)
  const width = widthOf(narrow)
  const total = days.reduce((sum, day) => sum + day.total, 0)
  const scale = scaleOf(Math.max(...days.map((day) => day.total)))
  const top = scale.at(-1) || 1
  const y = (amount: number) => FLOOR - (amount / top) * (FLOOR - TOP)
  const slot = (width - LEFT) / days.length
  const wide = Math.min(slot * 0.72, 44)
  const every = labelEvery(days.length, narrow)
  const last = days.length - 1
  return (
    <figure className="spend-chart">
      <figcaption>
        <Readout
          day={shown === null ? null : days[shown]}
          total={total}
          count={days.length}
          titleOf={titleOf}
        />
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={admin.chart(days.length, total)}
        onPointerLeave={() => setShown(null)}
      >
        {scale.map((amount) => (
          <g key={amount}>
            <path className="spend-line" d={`M${LEFT} ${y(amount)}H${width}`} />
            <text className="spend-label" x={LEFT - 10} y={y(amount) + 4} textAnchor="end">
              {sayMoney(amount)}
            </text>
          </g>
        ))}
        {days.map(({ day, pieces }, index) => {
          const x = LEFT + index * slot
          return (
            <g key={day} className={shown !== null && shown !== index ? 'spend-dim' : undefined}>
              {pieces.map(({ provider, amount, from }) => (
                <rect
                  key={provider}
                  className="spend-piece"
                  data-gel={gelOf(colourOf(provider))}
                  x={x + (slot - wide) / 2}
                  y={y(from + amount)}
                  width={wide}
                  height={Math.max(1, y(from) - y(from + amount) - (from > 0 ? 1 : 0))}
                />
              ))}
              {(last - index) % every === 0 && (
                <text
                  className="spend-label"
                  x={index === last ? width : x + slot / 2}
                  y={HEIGHT - 4}
                  textAnchor={index === last ? 'end' : 'middle'}
                >
                  {admin.day(day)}
                </text>
              )}
              <rect
                className="spend-catch"
                x={x}
                y={0}
                width={slot}
                height={FLOOR}
                onPointerEnter={() => setShown(index)}
              />
            </g>
          )
        })}
      </svg>
      <Table days={days} titleOf={titleOf} />
    </figure>
  )
}

interface ReadoutProps {
  readonly day: Day | null | undefined
  readonly total: number
  readonly count: number
  readonly titleOf: (name: string) => string
}

function Readout({ day, total, count, titleOf }: ReadoutProps) {
  if (!day) return <p className="spend-readout">{admin.chart(count, total)}</p>
  return (
    <p className="spend-readout">
      {admin.day(day.day)}: {sayMoney(day.total)}
      {day.pieces.map(({ provider, amount, estimated }) => (
        <span key={provider} data-gel={gelOf(colourOf(provider))}>
          <i aria-hidden="true" />
          {titleOf(provider)} {sayCost(amount, estimated)}
        </span>
      ))}
    </p>
  )
}

/** The same figures for readers and for whoever wants them exactly; days without spending are left out. */
function Table({ days, titleOf }: SpendChartProps) {
  const spent = days.filter(({ total }) => total > 0)
  const names = [...new Set(spent.flatMap(({ pieces }) => pieces.map(({ provider }) => provider)))]
  return (
    <details className="spend-table">
      <summary>
        {admin.asTable} <span>· {admin.utc}</span>
      </summary>
      <section className="spend-table-scroll" aria-label={admin.spending}>
        <table>
          <thead>
            <tr className="t-caption">
              <th scope="col">{admin.dayColumn}</th>
              {names.map((name) => (
                <th key={name} scope="col">
                  {titleOf(name)}
                </th>
              ))}
              <th scope="col">{admin.total}</th>
            </tr>
          </thead>
          <tbody>
            {spent.toReversed().map(({ day, total, pieces }) => (
              <tr key={day}>
                <th scope="row">{admin.day(day)}</th>
                {names.map((name) => {
                  const piece = pieces.find(({ provider }) => provider === name)
                  return <td key={name}>{piece ? sayCost(piece.amount, piece.estimated) : admin.none}</td>
                })}
                <td>{sayMoney(total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}
