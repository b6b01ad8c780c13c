/** The key and the address of a provider: tested by a free call, stored, never shown again. */
import { type FormEvent, useId, useState } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import type { Checked, Provider, PutCredential } from '#lib/api/types.ts'
import { sayWhen } from '#lib/when.ts'
import { admin } from '#messages/admin.ts'
import { Button } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { TextField } from '#ui/Field.tsx'
import { notify } from '#ui/toast.ts'
import { useCheckProvider, useDeleteCredential, usePutCredential } from '../api/mutations.ts'
import { hasAddress } from '../model/light.ts'
import './KeyForm.css'

/** `anyway`: nobody could tell, so what was typed may be stored untested. */
type Outcome = { readonly good: boolean; readonly text: string; readonly anyway?: boolean }

/** What a provider says of a key itself; any other failure may pass. */
const REFUSED = new Set(['provider_refused', 'not_permitted'])

function told({ ok, code, detail, latency_ms }: Checked): Outcome {
  if (ok) return { good: true, text: admin.answers(latency_ms ?? null) }
  return { good: false, text: detail, anyway: !REFUSED.has(code ?? '') }
}

function useKeyForm({ name, base_url, credential }: Provider) {
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
  const ask = async (what: PutCredential) => told(await check.mutateAsync(what))
  const store = async () => {
    await put.mutateAsync(typed)
    setKey('')
    const { good, text } = await ask({})
    return { good, text: `${admin.kept} ${text}` }
  }
  /** A key that works is not lost to one that does not: what was typed must answer first. */
  const save = async () => {
    // Back to the usual address: there is nothing typed to ask.
    if (typed.base_url === '' && !typed.api_key) return store()
    const outcome = await ask(typed)
    if (outcome.good) return store()
    return { ...outcome, text: `${outcome.text} ${credential ? admin.keptOld : admin.notSaved}` }
  }
  const doing = (what: () => Promise<Outcome>) => () => void what().then(setOutcome, refused)
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
    test: doing(async () => ({ ...(await ask(typed)), anyway: false })),
    save: doing(save),
    store: doing(store),
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
        {form.outcome?.anyway && (
          <Button size="small" busy={form.busy} onClick={form.store}>
            {admin.saveAnyway}
          </Button>
        )}
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
