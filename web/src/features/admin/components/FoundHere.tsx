/** Model servers found on this machine, one press from a stage. */
import { Link } from '@tanstack/react-router'
import type { Provider } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { foundHere } from '../model/light.ts'
import './FoundHere.css'

export function FoundHere({ providers }: { readonly providers: readonly Provider[] }) {
  const found = foundHere(providers)
  if (found.length === 0) return null
  return (
    <section className="found" aria-label={admin.found}>
      {found.map(({ name, title, models }) => (
        <p key={name}>
          <span>
            <b>{admin.foundOne(title)}</b>: {admin.foundModels(models.length)}, {admin.free}.
          </span>
          <Link className="button button-primary button-small" to="/new" search={{ mind: name }}>
            {admin.use}
          </Link>
        </p>
      ))}
    </section>
  )
}
