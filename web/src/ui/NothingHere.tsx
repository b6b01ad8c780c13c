/** The page of an address behind which there is nothing, or nothing for this person: both look the same. */
import { Link } from '@tanstack/react-router'
import { useTitle } from '#lib/useTitle.ts'
import { en } from '#messages/en.ts'
import { EmptyState } from './EmptyState.tsx'
import './Button.css'
import './Page.css'

export function NothingHere() {
  useTitle(en.errors.notFound)
  return (
    <main id="main" className="page" tabIndex={-1}>
      <EmptyState
        level={1}
        title={en.errors.notFound}
        actions={
          <Link className="button button-quiet button-medium" to="/">
            {en.actions.live}
          </Link>
        }
      >
        {en.errors.notFoundAbout}
      </EmptyState>
    </main>
  )
}
