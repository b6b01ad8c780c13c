/** On which mind a seat plays and what its lines cost; a press opens the choice. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { ChevronsUpDown } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { modelsQuery } from '#lib/api/providers.ts'
import type { Model, Provider } from '#lib/api/types.ts'
import { whenIdle } from '#lib/whenIdle.ts'
import { start } from '#messages/conversations.ts'
import { sayMoney } from '#messages/money.ts'
import { linesPrice, mindLabel, type Price, showPrice, splitMind } from '../model/minds.ts'
import type { StartForm } from '../model/startForm.ts'
import './SeatMind.css'

const load = () => import('./MindPicker.tsx')
const MindPicker = lazy(load)

const find = (models: readonly Model[] | undefined, id: string) =>
  models?.find((model) => model.id === id) ?? null

/** The model of a seat as its provider tells it: the one named, else the provider's usual one. */
function useSeatModel(mind: string, providers: readonly Provider[]) {
  const named = splitMind(mind)
  const provider = providers.find(({ name }) => name === named.provider)
  const { data } = useQuery({
    ...modelsQuery(named.provider),
    enabled: provider !== undefined && !provider.scripted && !provider.local,
  })
  return { provider, model: find(data, named.model || (provider?.default_model ?? '')) }
}

function priceText(mind: string, provider: Provider | undefined, model: Model | null): string {
  if (mind === '') return start.houseChoiceAbout
  if (!provider) return start.autoAbout
  const price = linesPrice(provider, model)
  if (price === null) return `${provider.title} · ${start.priceUnknown}`
  if (price > 0) return `${provider.title} · ${start.seatPrice(sayMoney(price))}`
  return provider.scripted ? start.freeTroupe : `${provider.title} · ${start.freeSeat}`
}

export interface SeatMindProps {
  /** Whose mind it is. */
  readonly name: string
  readonly mind: string
  readonly providers: readonly Provider[]
  readonly onChange: (mind: string) => void
}

export function SeatMind({ name, mind, providers, onChange }: SeatMindProps) {
  const [open, setOpen] = useState(false)
  const { provider, model } = useSeatModel(mind, providers)
  const label = mindLabel(mind, providers)
  useEffect(() => whenIdle(load), [])
  return (
    <>
      <button
        type="button"
        className="seat-mind"
        aria-haspopup="dialog"
        aria-label={`${start.mind(name)}: ${label}`}
        onClick={() => setOpen(true)}
      >
        <span className="seat-mind-label">{label}</span>
        <span className="seat-mind-price">{priceText(mind, provider, model)}</span>
        <ChevronsUpDown aria-hidden="true" />
      </button>
      {open && (
        <Suspense>
          <MindPicker
            title={start.mind(name)}
            mind={mind}
            providers={providers}
            onClose={() => setOpen(false)}
            onChoose={(next) => {
              setOpen(false)
              onChange(next)
            }}
          />
        </Suspense>
      )}
    </>
  )
}

/** What the whole conversation would cost; null while a seat's price is not known. */
export function useShowPrice({ seats, turns }: StartForm, providers: readonly Provider[]): Price {
  const chosen = seats.map(({ mind }) => splitMind(mind))
  const names = [...new Set(chosen.map(({ provider }) => provider))]
  const paid = providers.filter(({ name, local, scripted }) => names.includes(name) && !local && !scripted)
  const lists = useQueries({ queries: paid.map(({ name }) => modelsQuery(name)) })
  const prices = chosen.map(({ provider: name, model }): Price => {
    const provider = providers.find((each) => each.name === name)
    if (!provider) return null
    const models = lists[paid.indexOf(provider)]?.data
    return linesPrice(provider, find(models, model || (provider.default_model ?? '')))
  })
  const count = Number(turns)
  return turns.trim() === '' || !Number.isFinite(count) ? null : showPrice(prices, count)
}
