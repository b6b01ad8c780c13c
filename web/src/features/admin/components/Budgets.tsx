/** How much may be spent: by the house, with one provider, on one conversation. */
import { type FormEvent, useState } from 'react'
import type { HouseSwitches, PatchHouse, Provider } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { TextField } from '#ui/Field.tsx'
import { notify } from '#ui/toast.ts'
import { usePatchHouse } from '../api/mutations.ts'
import { amountOf, typed } from '../model/amounts.ts'
import { isPaid } from '../model/light.ts'
import './Budgets.css'

export interface BudgetsProps {
  readonly house: HouseSwitches
  readonly providers: readonly Provider[]
}

/** The fields of the form: the house, a conversation, and a day with each provider that costs. */
function fieldsOf({ budgets }: HouseSwitches, providers: readonly Provider[]) {
  const paid = providers.filter(
    (each) => (isPaid(each) && each.state !== 'unset') || budgets.provider_day[each.name] !== undefined,
  )
  return [
    { id: 'house_day', label: admin.houseDay, value: typed(budgets.house_day) },
    {
      id: 'conversation_default',
      label: admin.conversationDefault,
      value: typed(budgets.conversation_default),
    },
    ...paid.map(({ name, title }) => ({
      id: `provider ${name}`,
      label: admin.providerDay(title),
      value: typed(budgets.provider_day[name]),
    })),
  ]
}

function patchOf(all: Readonly<Record<string, string>>): NonNullable<PatchHouse['budgets']> {
  const value = (id: string) => amountOf(all[id] ?? '').value
  const days = Object.keys(all).flatMap((id) => {
    const [kind, name] = id.split(' ')
    const amount = value(id)
    return kind === 'provider' && name && amount !== null ? [[name, amount] as const] : []
  })
  return {
    house_day: value('house_day'),
    conversation_default: value('conversation_default'),
    provider_day: Object.fromEntries(days),
  }
}

export function Budgets({ house, providers }: BudgetsProps) {
  // A changed budget draws this form anew: who hears of it must outlive it.
  const patch = usePatchHouse(() => void notify({ text: admin.saved }))
  const [changes, setChanges] = useState<Readonly<Record<string, string>>>({})
  const fields = fieldsOf(house, providers).map((field) => ({
    ...field,
    text: changes[field.id] ?? field.value,
  }))
  const wrong = fields.some(({ text }) => !amountOf(text).ok)
  const changed = fields.some(({ text, value }) => text !== value)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wrong || !changed) return
    patch.mutate({ budgets: patchOf(Object.fromEntries(fields.map(({ id, text }) => [id, text]))) })
  }
  return (
    <section className="admin-section" aria-labelledby="admin-budgets">
      <div className="admin-head">
        <h2 id="admin-budgets">{admin.budgets}</h2>
      </div>
      <p className="admin-about">{admin.budgetsAbout}</p>
      <form className="budgets" onSubmit={submit}>
        {fields.map(({ id, label, text }) => (
          <TextField
            key={id}
            label={label}
            className="budgets-amount"
            inputMode="decimal"
            autoComplete="off"
            placeholder="–"
            value={text}
            error={amountOf(text).ok ? undefined : admin.amountWrong}
            onChange={(event) => setChanges({ ...changes, [id]: event.target.value })}
          />
        ))}
        {patch.error && <ErrorNote error={patch.error} />}
        <Button type="submit" className="budgets-save" busy={patch.isPending} disabled={wrong || !changed}>
          {admin.save}
        </Button>
      </form>
    </section>
  )
}
