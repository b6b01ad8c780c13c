/** Something that is on or off, with what that means beneath. */
import { useId } from 'react'
import './Switch.css'

export interface SwitchProps {
  readonly label: string
  readonly hint?: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

export function Switch({ label, hint, checked, onChange }: SwitchProps) {
  const id = useId()
  return (
    <div className="switch">
      <label className="switch-label">
        <input
          type="checkbox"
          className="visually-hidden"
          checked={checked}
          onChange={(event) => onChange(event.target.checked)}
          {...(hint === undefined ? {} : { 'aria-describedby': id })}
        />
        <span className="switch-track" aria-hidden="true" />
        {label}
      </label>
      {hint !== undefined && (
        <p className="switch-hint" id={id}>
          {hint}
        </p>
      )}
    </div>
  )
}
