/** How much a provider may be asked, and which of its models plays when none is named. */
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { modelsQuery } from '#lib/api/providers.ts'
import type { Provider } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Choice, TextField } from '#ui/Field.tsx'
import { usePatchProvider } from '../api/mutations.ts'
import { typed, wholeOf } from '../model/amounts.ts'
import './LimitsForm.css'

const FIELDS = [
  ['requests_per_minute', admin.requests],
  ['tokens_per_minute', admin.tokens],
  ['concurrency', admin.atOnce],
] as const

export function LimitsForm({ provider }: { readonly provider: Provider }) {
  const { name, limits, default_model } = provider
  const id = useId()
  const patch = usePatchProvider(name)
  const { data: models = [] } = useQuery(modelsQuery(name))
  const before = {
    requests_per_minute: typed(limits?.requests_per_minute),
    tokens_per_minute: typed(limits?.tokens_per_minute),
    concurrency: typed(limits?.concurrency),
  }
  const [form, setForm] = useState(before)
  const changed = FIELDS.filter(([field]) => form[field] !== before[field])
  const wrong = FIELDS.some(([field]) => !wholeOf(form[field]).ok)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wrong || changed.length === 0) return
    patch.mutate(Object.fromEntries(changed.map(([field]) => [field, wholeOf(form[field]).value])))
  }
  return (
    <form className="limits" aria-labelledby={id} onSubmit={submit}>
      <h4 className="t-caption" id={id}>
        {admin.limits}
      </h4>
      <div className="limits-fields">
        {FIELDS.map(([field, label]) => (
          <TextField
            key={field}
            label={label}
            inputMode="numeric"
            autoComplete="off"
            value={form[field]}
            error={wholeOf(form[field]).ok ? undefined : admin.wholeWrong}
            onChange={(event) => setForm({ ...form, [field]: event.target.value })}
          />
        ))}
        <Choice
          label={admin.usualModel}
          value={models.some((model) => model.id === default_model) ? (default_model ?? '') : ''}
          onChange={(event) => patch.mutate({ default_model: event.target.value || null })}
        >
          <option value="">{admin.usualHouse}</option>
          {models.map((model) => (
            <option key={model.id} value={model.id}>
              {model.id}
            </option>
          ))}
        </Choice>
      </div>
      {patch.error && <ErrorNote error={patch.error} />}
      <div className="limits-foot">
        <p className="field-hint">{admin.limitsAbout}</p>
        <Button type="submit" size="small" busy={patch.isPending} disabled={wrong || changed.length === 0}>
          {admin.save}
        </Button>
      </div>
    </form>
  )
}
