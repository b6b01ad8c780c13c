/** Writes a variant: the fields of the card as they are, of which those that were changed are sent. */
import { type FormEvent, useState } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import type { Persona } from '#lib/api/types.ts'
import { studio } from '#messages/studio.ts'
import { variants as say } from '#messages/variants.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { TextArea, TextField } from '#ui/Field.tsx'
import { changesOf, FIELDS, type Words, wordsOf } from './changes.ts'
import { useWriteVariant } from './variants.ts'

export interface VariantFormProps {
  readonly persona: Persona
  readonly onDone: () => void
}

export function VariantForm({ persona, onDone }: VariantFormProps) {
  const [label, setLabel] = useState('')
  const [words, setWords] = useState<Words>(() => wordsOf(persona))
  const write = useWriteVariant(persona.id)
  const changes = changesOf(wordsOf(persona), words)
  const errors = write.error ? asProblem(write.error).errors : []
  const fault = (field: string) => errors.find(({ path }) => path.split('.').includes(field))?.message
  const submit = (event: FormEvent) => {
    event.preventDefault()
    write.mutate({ label: label.trim(), changes }, { onSuccess: onDone })
  }
  return (
    <form className="variant-form" noValidate onSubmit={submit}>
      <TextField
        label={say.label}
        error={fault('label')}
        value={label}
        maxLength={60}
        autoComplete="off"
        onChange={(event) => setLabel(event.target.value)}
      />
      {FIELDS.map((field) => (
        <TextArea
          key={field}
          label={say.fields[field]}
          error={fault(field)}
          rows={field === 'sample_lines' ? 5 : 3}
          value={words[field]}
          onChange={(event) => setWords({ ...words, [field]: event.target.value })}
        />
      ))}
      {write.error && errors.length === 0 && <ErrorNote error={write.error} />}
      <p className="field-hint" role="status">
        {say.changed(Object.keys(changes).map((field) => say.fields[field as keyof typeof changes]))}
      </p>
      <div className="variant-foot">
        <Button variant="plain" onClick={onDone}>
          {studio.leaveIt}
        </Button>
        <Button
          type="submit"
          busy={write.isPending}
          disabled={label.trim() === '' || Object.keys(changes).length === 0}
        >
          {say.keep}
        </Button>
      </div>
    </form>
  )
}
