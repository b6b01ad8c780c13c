/** A few choices side by side, of which one is taken: the browser's own radio buttons, drawn as one bar. */
import { useId } from 'react'
import './Segmented.css'

export interface SegmentedProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly onChange: (value: Value) => void
  readonly hideLabel?: boolean
}

export function Segmented<Value extends string>({
  label,
  value,
  options,
  onChange,
  hideLabel,
}: SegmentedProps<Value>) {
  const name = useId()
  return (
    <fieldset className="segmented">
      <legend className={hideLabel ? 'visually-hidden' : 'segmented-label t-caption'}>{label}</legend>
      <div className="segmented-bar">
        {options.map((option) => (
          <label key={option.value} className="segmented-option">
            <input
              type="radio"
              className="visually-hidden"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
