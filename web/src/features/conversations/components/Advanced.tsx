/** What few need: own title, seed, director, whispers, who may watch. */
import { useQuery } from '@tanstack/react-query'
import { directorsQuery } from '#lib/api/directors.ts'
import { start } from '#messages/conversations.ts'
import { Choice, TextField } from '#ui/Field.tsx'
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
  const { data: directors = [] } = useQuery(directorsQuery())
  const chosen = directors.find(({ name }) => name === form.director)
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
        <Choice
          label={start.director}
          hint={chosen?.description ?? start.directorHint}
          value={form.director}
          onChange={(event) => onChange({ director: event.target.value })}
        >
          <option value="">{start.houseDirector}</option>
          {directors.map(({ name, plugin }) => (
            <option key={name} value={name}>
              {start.directorName(name, plugin)}
            </option>
          ))}
        </Choice>
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
