/** Begins a comparison: one field, and what each arm says of it. */
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { directorsQuery } from '#lib/api/directors.ts'
import { experiments as say } from '#messages/experiments.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Choice, TextField } from '#ui/Field.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { useBegin } from '../api/experiments.ts'
import { CHOICES, FIRST, type Field, setupOf } from '../model/setups.ts'

const FIELDS = (['director', 'pace', 'whispers'] as const).map((value) => ({
  value,
  label: say.fields[value],
}))
const UNITS = (['conversation', 'viewer'] as const).map((value) => ({ value, label: say.units[value] }))

export interface NewExperimentProps {
  /** What it is called at first; the house's own question has a name. */
  readonly suggested: string
  readonly onDone: () => void
}

export function NewExperiment({ suggested, onDone }: NewExperimentProps) {
  const [name, setName] = useState(suggested)
  const [field, setField] = useState<Field>('director')
  const [values, setValues] = useState(FIRST.director)
  const [unit, setUnit] = useState<'viewer' | 'conversation'>('conversation')
  const { data: directors = [] } = useQuery(directorsQuery())
  const begin = useBegin()
  const [one, other] = values
  const ready = name.trim() !== '' && one.trim() !== '' && other.trim() !== '' && one !== other
  const submit = (event: FormEvent) => {
    event.preventDefault()
    begin.mutate(
      { name: name.trim(), unit, arms: [setupOf(field, one), setupOf(field, other)] },
      { onSuccess: onDone },
    )
  }
  // What is chosen is offered also before the house has said who can direct.
  const choices = (chosen: string) =>
    field === 'director'
      ? [...new Set([...directors.map(({ name }) => name), chosen])].map((name) => ({
          value: name,
          label: name,
        }))
      : CHOICES[field].map((each) => ({ value: each, label: say.values[each] }))
  const set = (place: number, value: string) => setValues(place === 0 ? [value, other] : [one, value])
  return (
    <form className="experiment-new" noValidate onSubmit={submit}>
      <TextField
        label={say.name}
        value={name}
        maxLength={60}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <Segmented
        label={say.compared}
        value={field}
        options={FIELDS}
        onChange={(next) => {
          setField(next)
          setValues(FIRST[next])
        }}
      />
      <div className="experiment-pair">
        {values.map((value, place) => (
          <Choice
            key={say.arm(place)}
            label={say.arm(place)}
            value={value}
            onChange={(event) => set(place, event.target.value)}
          >
            {choices(value).map(({ value: each, label }) => (
              <option key={each} value={each}>
                {label}
              </option>
            ))}
          </Choice>
        ))}
      </div>
      {field === 'director' && <p className="field-hint">{say.directorHint}</p>}
      {field === 'pace' && <p className="field-hint">{say.paceHint}</p>}
      <Segmented label={say.unit} value={unit} options={UNITS} onChange={setUnit} />
      <p className="field-hint">{say.unitHint}</p>
      {begin.error && <ErrorNote error={begin.error} />}
      <div className="experiment-foot">
        <Button variant="plain" onClick={onDone}>
          {say.cancel}
        </Button>
        <Button type="submit" variant="primary" busy={begin.isPending} disabled={!ready}>
          {say.start}
        </Button>
      </div>
    </form>
  )
}
