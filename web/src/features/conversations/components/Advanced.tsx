/** What few need: own title, seed, whispers, who may watch. */
import { start } from '#messages/conversations.ts'
import { TextField } from '#ui/Field.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { Switch } from '#ui/Switch.tsx'
import type { StartErrors, StartForm } from '../model/startForm.ts'
import './Advanced.css'

const VISIBILITIES = ['private', 'unlisted', 'public'] as const

export interface AdvancedProps {
  readonly form: StartForm
  readonly errors: StartErrors
  readonly onChange: (part: Partial<StartForm>) => void
}

export function Advanced({ form, errors, onChange }: AdvancedProps) {
  const wrong = errors.title !== undefined || errors.seed !== undefined
  return (
    <details className="advanced" {...(wrong ? { open: true } : {})}>
      <summary>{start.advanced}</summary>
      <div className="advanced-fields">
        <TextField
          label={start.ownTitle}
          value={form.title}
          error={errors.title}
          hint={start.ownTitleHint}
          onChange={(event) => onChange({ title: event.target.value })}
        />
        <TextField
          label={start.seed}
          inputMode="numeric"
          autoComplete="off"
          value={form.seed}
          error={errors.seed}
          hint={start.seedHint}
          onChange={(event) => onChange({ seed: event.target.value })}
        />
        <Switch
          label={start.whispers}
          hint={start.whispersHint}
          checked={form.whispers}
          onChange={(whispers) => onChange({ whispers })}
        />
        <Segmented
          label={start.visibility}
          value={form.visibility}
          options={VISIBILITIES.map((value) => ({ value, label: start.visibilities[value] }))}
          onChange={(visibility) => onChange({ visibility })}
        />
      </div>
    </details>
  )
}
