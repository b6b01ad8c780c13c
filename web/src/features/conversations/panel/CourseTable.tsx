/** The figures as a table: for whoever does not see the pictures, and for whoever wants the numbers. */
import { panel } from '#messages/panel.ts'
import { type Step, strongest } from '../model/course.ts'

export interface CourseTableProps {
  readonly steps: readonly Step[]
  readonly names: readonly string[]
  readonly estimated: boolean
}

export function CourseTable({ steps, names, estimated }: CourseTableProps) {
  return (
    <details className="panel-section course-table">
      <summary>{panel.asTable}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by key as well */}
      <section className="course-scroll" tabIndex={0} aria-label={panel.figures}>
        <table>
          <thead>
            <tr>
              <th scope="col">{panel.linesHead}</th>
              {names.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">{panel.tempo}</th>
              <th scope="col">{panel.sentiment}</th>
              <th scope="col">{panel.emotion}</th>
              <th scope="col">{panel.energyHead}</th>
              <th scope="col">{panel.cost}</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => {
              const { first, last, shares, linesPerMinute, sentiment, energy, cost } = step
              const emotion = strongest(step)
              return (
                <tr key={first}>
                  <th scope="row">{panel.lines(first, last)}</th>
                  {shares.map((share, index) => (
                    <td key={names[index]}>{panel.percent(share)}</td>
                  ))}
                  <td>{linesPerMinute === null ? '–' : linesPerMinute.toFixed(1)}</td>
                  <td>{sentiment === null ? '–' : panel.signed(sentiment)}</td>
                  <td>{emotion ?? '–'}</td>
                  <td>{energy === null ? '–' : panel.percent(energy)}</td>
                  <td>{panel.costs(cost, estimated)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
    </details>
  )
}
