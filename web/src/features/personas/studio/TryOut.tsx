/** A few lines of the unsaved persona with somebody of the house, and how far they drift. */
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { gelOf } from '#design/gels.ts'
import { personasQuery } from '#lib/api/personas.ts'
import { providersQuery } from '#lib/api/providers.ts'
import type { CardInput, Persona, Said, Tried } from '#lib/api/types.ts'
import { sayMoney } from '#messages/money.ts'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Choice, TextField } from '#ui/Field.tsx'
import { useTry } from './api.ts'
import { Drift } from './Drift.tsx'

const SAID_MOST = 60
const ROUND = 4

interface Heard extends Said {
  readonly key: string
}

export function TryOut({
  card,
  editing,
}: {
  readonly card: CardInput
  readonly editing: string | undefined
}) {
  const { data: company = [] } = useQuery(personasQuery())
  const { data: providers = [] } = useQuery(providersQuery())
  const [partner, setPartner] = useState('scientist')
  const [mind, setMind] = useState('')
  const [said, setSaid] = useState<readonly Heard[]>([])
  const [tried, setTried] = useState<Tried>()
  const [spent, setSpent] = useState(0)
  const [text, setText] = useState('')
  const ask = useTry()
  const other = company.find(({ slug }) => slug === partner)

  const play = (before: readonly Heard[], lines: number) => {
    setSaid(before)
    const wanted = before.slice(-SAID_MOST).map(({ by, text: line }) => ({ by, text: line }))
    ask.mutate(
      { persona: card, partner, said: wanted, lines, mind, seed: before.length + 1 },
      {
        onSuccess: (found) => {
          const fresh = found.lines.map(({ by, text: line }, place) => ({
            by,
            text: line,
            key: `${before.length + place}`,
          }))
          setSaid([...before, ...fresh])
          setTried(found)
          setSpent((sum) => sum + found.lines.reduce((total, { cost }) => total + (cost ?? 0), 0))
        },
      },
    )
  }
  const say = (event: FormEvent) => {
    event.preventDefault()
    const line = text.trim()
    if (line === '' || ask.isPending) return
    setText('')
    play([...said, { by: 'viewer', text: line, key: `${said.length}` }], 1)
  }
  const begin = () => {
    setSaid([])
    setTried(undefined)
    ask.reset()
  }
  return (
    <div className="tryout">
      <p className="field-hint">{studio.tryAbout}</p>
      <div className="studio-pair">
        <Choice label={studio.partner} value={partner} onChange={(event) => setPartner(event.target.value)}>
          {company
            .filter(({ slug }) => slug !== editing)
            .map(({ slug, name }) => (
              <option key={slug} value={slug}>
                {name}
              </option>
            ))}
        </Choice>
        <Choice label={studio.mind} value={mind} onChange={(event) => setMind(event.target.value)}>
          <option value="">{studio.houseMind}</option>
          {providers.flatMap(({ name, title, models, default_model, state }) =>
            state === 'down' || state === 'unset' || (models.length === 0 && !default_model)
              ? []
              : (models.length > 0 ? models : [default_model ?? '']).slice(0, 40).map((model) => (
                  <option key={`${name} ${model}`} value={`${name} ${model}`}>
                    {`${title} · ${model}`}
                  </option>
                )),
          )}
        </Choice>
      </div>
      <Lines said={said} card={card} other={other} busy={ask.isPending} />
      {ask.error && <ErrorNote error={ask.error} />}
      {tried?.stopped !== undefined && <p className="studio-warning">{tried.stopped}</p>}
      <form className="tryout-say" onSubmit={say}>
        <TextField
          label={studio.say}
          hideLabel
          placeholder={studio.say}
          value={text}
          maxLength={500}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" busy={ask.isPending}>
          {studio.sayIt}
        </Button>
      </form>
      <div className="tryout-foot">
        <span className="t-time">{spent > 0 ? studio.cost(sayMoney(spent)) : studio.free}</span>
        <Button size="small" variant="plain" disabled={said.length === 0} onClick={begin}>
          {studio.again}
        </Button>
        <Button size="small" busy={ask.isPending} onClick={() => play(said, ROUND)}>
          {studio.more}
        </Button>
      </div>
      <Drift drift={tried?.drift} />
    </div>
  )
}

interface LinesProps {
  readonly said: readonly Heard[]
  readonly card: CardInput
  readonly other: Persona | undefined
  readonly busy: boolean
}

function Lines({ said, card, other, busy }: LinesProps) {
  const log = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what is said
  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight
  }, [said])
  const names = { persona: card.name, partner: other?.name ?? '', viewer: studio.you }
  const gels = { persona: gelOf(card.color), partner: gelOf(other?.color), viewer: 'none' }
  return (
    <div
      ref={log}
      className="tryout-lines"
      role="log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
      tabIndex={0}
      aria-busy={busy}
      aria-label={studio.view.tryout}
    >
      {said.length === 0 && <p className="studio-empty">{studio.tryEmpty}</p>}
      {said.map(({ by, text, key }) => (
        <p key={key} className="tryout-line" data-gel={gels[by]} data-by={by}>
          <b>{names[by]}</b>
          <span className="t-speech">{text}</span>
        </p>
      ))}
    </div>
  )
}
