/** How far the lines of a try-out are from the sample lines: a scale with its two marks. */
import type { Tried } from '#lib/api/types.ts'
import { studio } from '#messages/studio.ts'
import './Drift.css'

/** The far end of the scale; beyond it the needle stays. */
const FAR = 2
const place = (value: number) => `${Math.min(100, (value / FAR) * 100)}%`

export function Drift({ drift }: { readonly drift: Tried['drift'] | undefined }) {
  const { distance, lines = 0, settles_at = 0, reminded_at = 0, lost_at = 0, differs = [] } = drift ?? {}
  if (distance == null) return <p className="field-hint">{studio.driftNone}</p>
  const said = studio.driftSaid(distance, reminded_at, lost_at)
  return (
    <section className="drift" aria-labelledby="drift-title">
      <div className="drift-head">
        <h2 className="t-caption" id="drift-title">
          {studio.drift}
        </h2>
        <output className="t-time">{distance.toFixed(2)}</output>
      </div>
      <div className="drift-scale" role="img" aria-label={`${distance.toFixed(2)}: ${said}`}>
        <span className="drift-mark" style={{ left: place(reminded_at) }} />
        <span className="drift-mark" style={{ left: place(lost_at) }} />
        <span className="drift-needle" style={{ left: place(distance) }} />
      </div>
      <p>
        <b>{said}</b>
        {differs.length > 0 && ` · ${differs.map(({ of, by }) => studio.differs(of, by)).join(', ')}`}
      </p>
      {lines < settles_at && <p className="field-hint">{studio.driftRough(lines, settles_at)}</p>}
    </section>
  )
}
