/** The key and the address of a provider: tested by a free call, stored, never shown again. */
import { type FormEvent, useId, useState } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import type { Checked, Provider } from '#lib/api/types.ts'
import { sayWhen } from '#lib/when.ts'
import { admin } from '#messages/admin.ts'
import { Button } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { TextField } from '#ui/Field.tsx'
import { notify } from '#ui/toast.ts'
import { useCheckProvider, useDeleteCredential, usePutCredential } from '../api/mutations.ts'
import { hasAddress } from '../model/light.ts'
import './KeyForm.css'

type Outcome = { readonly good: boolean; readonly text: string }

function told({ ok, detail, latency_ms }: Checked): Outcome {
  return { good: ok, text: ok ? admin.answers(latency_ms ?? null) : detail }
}

function useKeyForm({ name, base_url }: Provider) {
  const [key, setKey] = useState('')
  const [address, setAddress] = useState(base_url ?? '')
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const put = usePutCredential(name)
  const check = useCheckProvider(name)
  const typed = {
    ...(key.trim() ? { api_key: key.trim() } : {}),
    ...(address.trim() !== (base_url ?? '') ? { base_url: address.trim() } : {}),
  }
  const refused = (error: unknown) => setOutcome({ good: false, text: asProblem(error).message })
  return {
    key,
    address,
    outcome,
    busy: put.isPending || check.isPending,
    changed: Object.keys(typed).length > 0,
    setKey: (value: string) => {
      setKey(value)
      setOutcome(null)
    },
    setAddress: (value: string) => {
      setAddress(value)
      setOutcome(null)
    },
    test: () => check.mutate(typed, { onSuccess: (done) => setOutcome(told(done)), onError: refused }),
    save: () =>
      put.mutate(typed, {
        onSuccess: () => {
          setKey('')
          check.mutate(
            {},
            {
              onSuccess: (done) => {
                const { good, text } = told(done)
                setOutcome({ good, text: `${admin.kept} ${text}` })
              },
              onError: refused,
            },
          )
        },
        onError: refused,
      }),
  }
}

export function KeyForm({ provider }: { readonly provider: Provider }) {
  const { credential, title, local } = provider
  const id = useId()
  const form = useKeyForm(provider)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (form.changed && !form.busy) form.save()
  }
  return (
    <form className="key-form" aria-labelledby={id} onSubmit={submit}>
      <h4 className="t-caption" id={id}>
        {hasAddress(provider) ? `${admin.address}, ${admin.key.toLowerCase()}` : admin.key}
      </h4>
      {hasAddress(provider) && (
        <TextField
          label={admin.address}
          hideLabel
          type="url"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          placeholder="http://127.0.0.1:8080/v1"
          hint={local ? admin.addressHintLocal : admin.addressHint}
          value={form.address}
          onChange={(event) => form.setAddress(event.target.value)}
        />
      )}
      <TextField
        label={`${admin.key}: ${title}`}
        hideLabel
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder={credential ? admin.keyReplace(credential.last4) : admin.keyNew}
        hint={keyHint(provider)}
        value={form.key}
        onChange={(event) => form.setKey(event.target.value)}
      />
      <div className="key-form-foot">
        <Button type="submit" variant="primary" size="small" busy={form.busy} disabled={!form.changed}>
          {admin.save}
        </Button>
        <Button size="small" busy={form.busy} onClick={form.test}>
          {admin.test}
        </Button>
        {credential?.source === 'stored' && <Remove provider={provider} />}
      </div>
      <p role="status" className={form.outcome?.good === false ? 'field-error' : 'field-hint'}>
        {form.busy ? admin.testing : form.outcome?.text}
      </p>
    </form>
  )
}

function keyHint({ credential }: Provider): string {
  if (!credential) return admin.keyKept
  if (credential.source === 'environment') return admin.keyFromEnvironment
  return credential.set_at ? admin.keyStored(sayWhen(credential.set_at, new Date())) : admin.keyKept
}

function Remove({ provider }: { readonly provider: Provider }) {
  const [asking, setAsking] = useState(false)
  const remove = useDeleteCredential(provider.name)
  return (
    <>
      <Button variant="plain" size="small" busy={remove.isPending} onClick={() => setAsking(true)}>
        {admin.remove}
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={admin.removeTitle(provider.title)}
        description={admin.removeAbout}
        confirm={admin.remove}
        onConfirm={() => remove.mutate(undefined, { onSuccess: () => void notify({ text: admin.removed }) })}
      />
    </>
  )
}
