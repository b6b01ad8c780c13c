/** The seven traits, each between its two ends. */
import { casting } from '#messages/house.ts'
import './Temper.css'

export function Temper({ traits }: { readonly traits: Readonly<Record<string, number | null>> }) {
  return (
    <section>
      <h2 className="t-caption">{casting.traits}</h2>
      <ul className="temper">
        {Object.entries(casting.trait).flatMap(([name, [low, high]]) => {
          const value = traits[name]
          if (value == null) return []
          return (
            <li key={name} className="temper-row">
              <span className="temper-low">{low}</span>
              <span className="temper-line" role="img" aria-label={casting.between(low, high, value)}>
                <span className="temper-dot" style={{ left: `${value * 100}%` }} />
              </span>
              <span>{high}</span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
