/** Casting: the company of the house, one row each. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { gelOf } from '#design/gels.ts'
import { personasQuery } from '#lib/api/personas.ts'
import { casting } from '#messages/house.ts'
import { EmptyState } from '#ui/EmptyState.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Mask } from '#ui/Mask.tsx'
import { Page } from '#ui/Page.tsx'
import { SearchField } from '#ui/SearchField.tsx'
import { Import } from '../components/Import.tsx'
import { matching } from '../model/search.ts'
import './CastingView.css'

export function CastingView() {
  const { data, error, refetch, isPending } = useQuery(personasQuery())
  const [words, setWords] = useState('')
  const shown = matching(data ?? [], words)
  return (
    <Page
      title={casting.title}
      actions={
        <>
          <Import />
          <Link className="button button-quiet button-medium" to="/studio/new">
            {casting.create}
          </Link>
        </>
      }
    >
      <p className="casting-about">{casting.about}</p>
      <SearchField label={casting.search} value={words} onChange={setWords} />
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <ul className="casting-rows" aria-busy={isPending} aria-label={casting.title}>
        {shown.map(({ slug, name, tagline, color, mask, own }) => (
          <li key={slug} className="casting-row" data-gel={gelOf(color)}>
            <Mask mask={mask} size={48} />
            <Link className="casting-link" to="/casting/$slug" params={{ slug }}>
              <span className="casting-name">
                {name}
                {own && <span className="t-caption"> · {casting.own}</span>}
              </span>
              <span className="casting-tagline">{tagline}</span>
            </Link>
          </li>
        ))}
      </ul>
      {data && shown.length === 0 && <EmptyState title={casting.none} />}
    </Page>
  )
}
