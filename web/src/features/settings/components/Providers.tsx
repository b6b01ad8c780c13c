/** The providers the house can use, those found on this machine included. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { providersQuery } from '#lib/api/providers.ts'
import type { Provider } from '#lib/api/types.ts'
import { settings } from '#messages/house.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import './Providers.css'

export function Providers() {
  const { data: providers = [], error, refetch, isPending } = useQuery(providersQuery())
  return (
    <section className="settings-section" aria-labelledby="settings-providers">
      <h2 id="settings-providers">{settings.providers}</h2>
      <p className="providers-about">{settings.providersAbout}</p>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <ul className="providers" aria-busy={isPending}>
        {providers.map((provider) => (
          <ProviderRow key={provider.name} provider={provider} />
        ))}
      </ul>
      <Link className="button button-quiet button-medium" to="/admin/providers">
        {settings.toAdmin}
      </Link>
    </section>
  )
}

function ProviderRow({ provider }: { readonly provider: Provider }) {
  const { title, state, local, models, detail } = provider
  return (
    <li className="provider">
      <span className={clsx('provider-light', `provider-${state}`)} aria-hidden="true" />
      <span className="provider-name">
        <b>{title}</b>
        {local && <span className="t-small">{settings.local}</span>}
      </span>
      <span className="provider-state">{settings.providerStates[state]}</span>
      <span className="t-time">{models.length > 0 ? settings.models(models.length) : settings.noModels}</span>
      {detail && <p className="provider-detail">{detail}</p>}
    </li>
  )
}
