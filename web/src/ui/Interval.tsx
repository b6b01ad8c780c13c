/** A share with the interval in which the true one lies: a band, and a stroke where it was measured. */
import './Interval.css'

export interface IntervalProps {
  /** The whole of it in words. */
  readonly label: string
  /** 0…1; absent where nothing has been measured. */
  readonly value?: number | undefined
  readonly low: number
  readonly high: number
}

const at = (share: number) => `${Math.min(1, Math.max(0, share)) * 100}%`

export function Interval({ label, value, low, high }: IntervalProps) {
  return (
    <span className="interval" role="img" aria-label={label}>
      <span className="interval-half" />
      {value !== undefined && (
        <>
          <span className="interval-band" style={{ left: at(low), width: at(high - low) }} />
          <span className="interval-value" style={{ left: at(value) }} />
        </>
      )}
    </span>
  )
}
