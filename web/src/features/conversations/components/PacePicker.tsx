/** How fast and for how long they talk. */
import { start } from '#messages/conversations.ts'
import { TextField } from '#ui/Field.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { Slider } from '#ui/Slider.tsx'
import type { StartForm } from '../model/startForm.ts'
import './PacePicker.css'

const MODES = ['stream', 'human', 'instant'] as const
const SLOWEST = 0.25
const FASTEST = 4
const STEP = 0.25

export interface PacePickerProps {
  readonly form: StartForm
  readonly error: string | undefined
  readonly onChange: (part: Partial<StartForm>) => void
}

export function PacePicker({ form, error, onChange }: PacePickerProps) {
  return (
    <section className="start-section pace-picker" aria-label={start.pace}>
      <div className="pace-mode">
        <Segmented
          label={start.pace}
          value={form.mode}
          options={MODES.map((mode) => ({ value: mode, label: start.modes[mode] }))}
          onChange={(mode) => onChange({ mode })}
        />
        <p className="field-hint">{start.modeAbout[form.mode]}</p>
      </div>
      <Slider
        label={start.speed}
        value={form.speed}
        min={SLOWEST}
        max={FASTEST}
        step={STEP}
        text={start.times(form.speed)}
        disabled={form.mode === 'instant'}
        onChange={(speed) => onChange({ speed })}
      />
      <TextField
        label={start.turns}
        inputMode="numeric"
        autoComplete="off"
        value={form.turns}
        error={error}
        hint={start.turnsHint}
        onChange={(event) => onChange({ turns: event.target.value })}
      />
    </section>
  )
}
