/** The start form: topic, cast, pace; everything else folded away with good defaults. */
import type { UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { Persona, Provider } from '#lib/api/types.ts'
import { start } from '#messages/conversations.ts'
import { sayMoney } from '#messages/money.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Page } from '#ui/Page.tsx'
import { useCreateConversation } from '../api/mutations.ts'
import { Advanced } from '../components/Advanced.tsx'
import { CastPicker } from '../components/CastPicker.tsx'
import { HeldNote } from '../components/HeldNote.tsx'
import { PacePicker } from '../components/PacePicker.tsx'
import { useShowPrice } from '../components/SeatMind.tsx'
import { TopicPicker } from '../components/TopicPicker.tsx'
import {
  emptyForm,
  errorsOf,
  isFree,
  isValid,
  minutesOf,
  requestOf,
  type StartForm,
} from '../model/startForm.ts'
import './StartView.css'

export interface StartViewProps {
  /** What the address asks for. */
  readonly topic: string
  readonly cast: readonly string[]
  readonly mind: string
  readonly personas: UseQueryResult<Persona[]>
  readonly providers: UseQueryResult<Provider[]>
}

export function StartView({ topic, cast, mind, personas, providers }: StartViewProps) {
  const navigate = useNavigate()
  const create = useCreateConversation()
  const [form, setForm] = useState<StartForm>(() => emptyForm(topic, cast, mind))
  const [tried, setTried] = useState(false)
  const change = (part: Partial<StartForm>) => setForm((before) => ({ ...before, ...part }))
  const errors = errorsOf(form)
  const shown = tried ? errors : {}

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    setTried(true)
    if (!isValid(errors)) {
      const page = event.currentTarget
      requestAnimationFrame(() => page.querySelector<HTMLElement>('[aria-invalid], [data-invalid]')?.focus())
      return
    }
    create.mutate(requestOf(form), { onSuccess: ({ id }) => void navigate({ to: '/c/$id', params: { id } }) })
  }

  return (
    <Page title={start.title} className="start">
      <form className="start-form" noValidate onSubmit={submit}>
        <TopicPicker topic={form.topic} error={shown.topic} onChange={(value) => change({ topic: value })} />
        <CastPicker
          personas={personas}
          providers={providers.data ?? []}
          seats={form.seats}
          error={shown.cast}
          onChange={(seats) => change({ seats })}
        />
        <HeldNote providers={providers.data ?? []} />
        <PacePicker form={form} error={shown.turns} onChange={change} />
        <Advanced form={form} errors={shown} onChange={change} />
        {create.error && <ErrorNote error={create.error} />}
        <footer className="start-foot">
          <Estimate form={form} providers={providers.data} />
          <Button type="submit" variant="primary" busy={create.isPending}>
            {start.go}
          </Button>
        </footer>
      </form>
    </Page>
  )
}

function Estimate({
  form,
  providers,
}: {
  readonly form: StartForm
  readonly providers: readonly Provider[] | undefined
}) {
  const time = minutesOf(form)
  const free = isFree(form.seats, providers)
  const price = useShowPrice(form, providers ?? [])
  return (
    <p className="start-estimate">
      {[
        time === null ? start.endless : start.estimate(time),
        free === null ? '' : free ? start.free : price === null ? start.priced : start.about(sayMoney(price)),
      ]
        .filter(Boolean)
        .join(' · ')}
    </p>
  )
}
