/** What a persona does on stage while others speak, by state. */
import { casting } from '#messages/house.ts'
import './Business.css'

const STATES = ['listening', 'eager', 'chosen', 'thinking'] as const

export function Business({ business }: { readonly business: Readonly<Record<string, readonly string[]>> }) {
  return (
    <section className="business" aria-label={casting.business}>
      <h2 className="t-caption">{casting.business}</h2>
      <div className="business-states">
        {STATES.map((state) => (
          <div key={state}>
            <h3>{casting.states[state]}</h3>
            <ul>
              {(business[state] ?? []).map((phrase) => (
                <li key={phrase}>{phrase}</li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  )
}
