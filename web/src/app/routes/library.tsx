import { createFileRoute } from '@tanstack/react-router'
import { LibraryView } from '#features/conversations/views/LibraryView.tsx'
import type { ConversationStatus } from '#lib/api/types.ts'

const STATUSES: readonly ConversationStatus[] = ['running', 'paused', 'ended', 'created']

interface LibrarySearch {
  readonly q?: string
  readonly status?: ConversationStatus
}

export const Route = createFileRoute('/library')({
  validateSearch: ({ q, status }): LibrarySearch => {
    const known = STATUSES.find((name) => name === status)
    return { ...(typeof q === 'string' && q ? { q } : {}), ...(known ? { status: known } : {}) }
  },
  component: Library,
})

function Library() {
  const { q, status } = Route.useSearch()
  const navigate = Route.useNavigate()
  return (
    <LibraryView
      q={q ?? ''}
      status={status}
      onChange={(next) =>
        void navigate({
          search: { ...(next.q ? { q: next.q } : {}), ...(next.status ? { status: next.status } : {}) },
          replace: true,
        })
      }
    />
  )
}
