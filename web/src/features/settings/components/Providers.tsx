/** Where the words come from, in a line; everything else about it is in Admin. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { providersQuery } from '#lib/api/providers.ts'
import { settings } from '#messages/house.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'

export function Providers() {
  const { data: providers, error, refetch } = useQuery(providersQuery())
  const ready = providers?.filter(({ state }) => state === 'ready').map(({ title }) => title) ?? []
  return (
    <section className="settings-section" aria-labelledby="settings-providers">
      <h2 id="settings-providers">{settings.providers}</h2>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <p className="settings-minds">
        {ready.length > 0 && `${settings.ready(ready)} `}
        {settings.providersAbout}
      </p>
      <Link className="button button-quiet button-medium" to="/admin/providers">
        {settings.toAdmin}
      </Link>
    </section>
  )
}
