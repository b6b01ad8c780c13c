/** A slider with its value in words. */
import { Slider as Radix } from 'radix-ui'
import { useId } from 'react'
import './Slider.css'

export interface SliderProps {
  readonly label: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  /** The value as people say it: `1×`, `110 %`. */
  readonly text: string
  readonly onChange: (value: number) => void
  /** Called once when the hand lets go; for what costs something. */
  readonly onCommit?: (value: number) => void
  readonly disabled?: boolean
}

export function Slider({
  label,
  value,
  min,
  max,
  step,
  text,
  onChange,
  onCommit,
  disabled = false,
}: SliderProps) {
  const id = useId()
  return (
    <div className="slider">
      <div className="slider-head">
        <span className="t-caption" id={id}>
          {label}
        </span>
        <output className="t-time">{text}</output>
      </div>
      <Radix.Root
        className="slider-root"
        value={[value]}
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        onValueChange={([next]) => next !== undefined && onChange(next)}
        onValueCommit={([next]) => next !== undefined && onCommit?.(next)}
      >
        <Radix.Track className="slider-track">
          <Radix.Range className="slider-range" />
        </Radix.Track>
        <Radix.Thumb className="slider-thumb" aria-labelledby={id} aria-valuetext={text} />
      </Radix.Root>
    </div>
  )
}
