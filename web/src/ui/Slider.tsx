/** A slider with its value in words: the browser's own, so that every key, hand and reader can move it. */
import { type CSSProperties, useEffect, useId, useRef } from 'react'
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
  const input = useRef<HTMLInputElement>(null)
  // React's onChange is the browser's `input` event; letting go is the browser's `change`.
  useEffect(() => {
    const own = input.current
    if (!own || !onCommit) return
    const commit = () => onCommit(own.valueAsNumber)
    own.addEventListener('change', commit)
    return () => own.removeEventListener('change', commit)
  }, [onCommit])
  return (
    <div className="slider">
      <div className="slider-head">
        <label className="t-caption" htmlFor={id}>
          {label}
        </label>
        <output className="t-time" htmlFor={id}>
          {text}
        </output>
      </div>
      <input
        ref={input}
        id={id}
        className="slider-input"
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={text}
        style={{ '--filled': `${((value - min) / (max - min)) * 100}%` } as CSSProperties}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
    </div>
  )
}
