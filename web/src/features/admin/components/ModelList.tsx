/** What a provider can play: prices, room, what each model can do. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { modelsQuery } from '#lib/api/providers.ts'
import type { Model, Provider } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { Badges } from '#ui/Badges.tsx'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { SearchField } from '#ui/SearchField.tsx'
import { matching } from '../model/models.ts'
import './ModelList.css'

const SHOWN = 8

export function ModelList({ provider }: { readonly provider: Provider }) {
  const { name, title, local, default_model } = provider
  const { data, error, isPending, refetch } = useQuery(modelsQuery(name))
  const [words, setWords] = useState('')
  const [all, setAll] = useState(false)
  const models = data ?? []
  const found = matching(models, words)
  const shown = all ? found : found.slice(0, SHOWN)
  return (
    <section className="models" aria-label={`${admin.modelsTitle}: ${title}`} aria-busy={isPending}>
      <div className="models-head">
        <h4 className="t-caption">{admin.modelsTitle}</h4>
        {models.length > SHOWN && (
          <SearchField label={admin.modelsSearch} value={words} onChange={setWords} />
        )}
      </div>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data && models.length === 0 && <p className="field-hint">{admin.modelsEmpty}</p>}
      {models.length > 0 && found.length === 0 && <p className="field-hint">{admin.modelsNone}</p>}
      {shown.length > 0 && (
        <table className="models-table">
          <thead>
            <tr className="t-caption">
              <th scope="col">{admin.model}</th>
              <th scope="col">{admin.context}</th>
              {!local && <th scope="col">{admin.priceIn}</th>}
              {!local && <th scope="col">{admin.priceOut}</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map((model) => (
              <Row key={model.id} model={model} local={local} usual={model.id === default_model} />
            ))}
          </tbody>
        </table>
      )}
      {found.length > shown.length && (
        <Button variant="plain" size="small" onClick={() => setAll(true)}>
          {admin.modelsMore(found.length)}
        </Button>
      )}
      {!local && shown.length > 0 && <p className="field-hint">{admin.priceAbout}</p>}
    </section>
  )
}

function Row({
  model,
  local,
  usual,
}: {
  readonly model: Model
  readonly local: boolean
  readonly usual: boolean
}) {
  const price = (amount: number | null | undefined) =>
    amount == null ? admin.priceUnknown : amount.toFixed(2)
  return (
    <tr>
      <th scope="row">
        <span className="models-id">{model.id}</span>
        <Badges model={model} usual={usual} />
      </th>
      <td className="t-time">{model.context == null ? admin.none : admin.contextOf(model.context)}</td>
      {!local && <td className="t-time">{price(model.input_price)}</td>}
      {!local && <td className="t-time">{price(model.output_price)}</td>}
    </tr>
  )
}
