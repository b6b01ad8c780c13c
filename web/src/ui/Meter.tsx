/** A thin bar that shows a value between 0 and 1, in the gel of whatever it stands in. */
import clsx from 'clsx'
import './Meter.css'

export interface MeterProps {
  readonly label: string
  /** 0…1; anything beyond is cut off. */
  readonly value: number
  readonly className?: string
}

export function Meter({ label, value, className }: MeterProps) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    // biome-ignore lint/a11y/useSemanticElements: the browsers' own meter cannot be drawn in a gel
    <span
      className={clsx('meter', className)}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span className="meter-fill" style={{ transform: `scaleX(${percent / 100})` }} />
    </span>
  )
}
