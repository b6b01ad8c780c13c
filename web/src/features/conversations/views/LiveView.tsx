/** Live: the stage of what is on now, the list of the others beside it; a dark house offers three openings. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import type { Boot } from '#lib/boot.ts'
import { useTitle } from '#lib/useTitle.ts'
import { live } from '#messages/conversations.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { runningQuery } from '../api/queries.ts'
import { OnNow } from '../components/OnNow.tsx'
import { featured } from '../model/featured.ts'
import { ConversationStage } from '../stage/ConversationStage.tsx'
import './LiveView.css'

// A house in which something plays does not need its empty one.
const DarkHouse = lazy(() => import('../components/DarkHouse.tsx'))

export function LiveView({ boot }: { readonly boot: Boot }) {
  const { data: running, error, refetch } = useQuery(runningQuery())
  // What a visitor came to see stays on, also when another conversation starts or this one ends.
  const [chosen, setChosen] = useState(boot.conversation?.id ?? null)
  const shown = featured(running, chosen)
  if (shown !== null && shown !== chosen) setChosen(shown)
  useTitle(live.title)

  if (shown !== null) {
    return (
      <div className="live">
        <OnNow running={running ?? []} shown={shown} onChoose={setChosen} />
        <ConversationStage key={shown} conversationId={shown} boot={boot} />
      </div>
    )
  }
  if (running) {
    return (
      <Suspense>
        <DarkHouse />
      </Suspense>
    )
  }
  return (
    <main id="main" className="page" tabIndex={-1}>
      {error && (
        <div className="page-column">
          <ErrorNote error={error} onRetry={() => void refetch()} />
        </div>
      )}
    </main>
  )
}
