/** Fetching a model to this machine, with its progress. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { type FormEvent, useEffect, useState } from 'react'
import { PROVIDERS } from '#lib/api/providers.ts'
import type { Pull } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { Button, IconButton } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { TextField } from '#ui/Field.tsx'
import { Meter } from '#ui/Meter.tsx'
import { useCancelPull, useStartPull } from '../api/mutations.ts'
import { pullsQuery } from '../api/queries.ts'
import './Pulls.css'

const isNoPull = ({ queryKey }: { readonly queryKey: readonly unknown[] }) => queryKey[1] !== 'pulls'

export function Pulls({ name }: { readonly name: string }) {
  const [model, setModel] = useState('')
  const { data: pulls = [] } = useQuery(pullsQuery(name))
  const client = useQueryClient()
  const here = pulls.filter(({ over }) => over).length
  // A model that has arrived can be cast: what is known of the provider is no longer true.
  useEffect(() => {
    if (here > 0) void client.invalidateQueries({ queryKey: PROVIDERS, predicate: isNoPull })
  }, [client, here])
  const start = useStartPull(name)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const wanted = model.trim()
    if (wanted) start.mutate(wanted, { onSuccess: () => setModel('') })
  }
  return (
    <form className="pulls" onSubmit={submit}>
      <div className="pulls-ask">
        <TextField
          label={admin.pull}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder={admin.pullPlaceholder}
          hint={admin.pullHint}
          value={model}
          onChange={(event) => setModel(event.target.value)}
        />
        <Button type="submit" busy={start.isPending} disabled={model.trim() === ''}>
          {admin.pullGo}
        </Button>
      </div>
      {start.error && <ErrorNote error={start.error} />}
      <ul>
        {pulls.map((pull) => (
          <PullRow key={pull.model} name={name} pull={pull} />
        ))}
      </ul>
    </form>
  )
}

function PullRow({ name, pull }: { readonly name: string; readonly pull: Pull }) {
  const { model, status, completed, total, over, error } = pull
  const cancel = useCancelPull(name)
  const known = total != null && total > 0
  const done = over && error == null
  return (
    <li className="pull">
      <b className="models-id">{model}</b>
      <span className="t-time">{known ? admin.pulled(completed ?? 0, total) : ''}</span>
      <IconButton
        label={over ? admin.pullNoted(model) : admin.pullCancel(model)}
        disabled={cancel.isPending}
        onClick={() => cancel.mutate(model)}
      >
        <X aria-hidden="true" />
      </IconButton>
      <Meter label={admin.pullProgress(model)} value={done ? 1 : known ? (completed ?? 0) / total : 0} />
      <p role="status" className={error == null ? 'field-hint' : 'field-error'}>
        {error?.message ?? (done ? admin.pullHere : status)}
      </p>
    </li>
  )
}
