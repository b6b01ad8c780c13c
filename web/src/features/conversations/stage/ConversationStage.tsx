/** One conversation as it plays: stage, script, score, controls and what is going on now. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { personasQuery } from '#lib/api/personas.ts'
import type { Boot } from '#lib/boot.ts'
import { stage } from '#messages/stage.ts'
import { Boundary } from '#ui/Boundary.tsx'
import { Sheet } from '#ui/Dialog.tsx'
import { EmptyState } from '#ui/EmptyState.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Controls } from './Controls.tsx'
import { Header } from './Header.tsx'
import { BehindProvider } from './lookBehind.tsx'
import { Notice } from './Notice.tsx'
import { PlayingProvider, useCondition, usePlaying } from './playing.tsx'
import { Scene } from './Scene.tsx'
import { ScriptPositionProvider } from './scriptPosition.tsx'
import './ConversationStage.css'

// The script's first words do not wait for it.
const Crowd = lazy(() => import('../crowd/Crowd.tsx'))
const Panel = lazy(() => import('../panel/Panel.tsx'))
const Score = lazy(() => import('./Score.tsx'))
const Announcer = lazy(() => import('./Announcer.tsx'))

export interface ConversationStageProps {
  readonly conversationId: string
  readonly boot?: Boot | null
}

export function ConversationStage({ conversationId, boot = null }: ConversationStageProps) {
  const { data: personas = [] } = useQuery(personasQuery())
  return (
    <PlayingProvider key={conversationId} conversationId={conversationId} boot={boot} personas={personas}>
      <ScriptPositionProvider>
        <BehindProvider>
          <House conversationId={conversationId} />
        </BehindProvider>
      </ScriptPositionProvider>
    </PlayingProvider>
  )
}

function House({ conversationId }: { readonly conversationId: string }) {
  const { live } = usePlaying()
  const { phase, problem } = useCondition()
  const [panelOpen, setPanelOpen] = useState(false)
  if (phase === 'missing') {
    return (
      <main id="main" className="house house-empty" tabIndex={-1}>
        <EmptyState title={stage.missingTitle} level={1}>
          {stage.missingText}
        </EmptyState>
      </main>
    )
  }
  if (phase === 'failed') {
    return (
      <main id="main" className="house house-empty" tabIndex={-1}>
        <EmptyState title={stage.failedTitle} level={1}>
          <ErrorNote error={problem} onRetry={() => void live.open()} />
        </EmptyState>
      </main>
    )
  }
  return (
    <div className="house">
      <main id="main" className="house-front" tabIndex={-1}>
        <Header onOpenPanel={() => setPanelOpen(true)} />
        <Scene />
        <footer className="house-foot">
          <Suspense>
            <Crowd conversationId={conversationId} />
          </Suspense>
          <Notice />
          <div className="house-score">
            <Suspense>
              <Score />
            </Suspense>
          </div>
          <Controls conversationId={conversationId} onOpenPanel={() => setPanelOpen(true)} />
        </footer>
      </main>
      <aside className="house-panel" aria-label={stage.panel}>
        <Boundary>
          <Suspense>
            <Panel />
          </Suspense>
        </Boundary>
      </aside>
      <Sheet open={panelOpen} onOpenChange={setPanelOpen} title={stage.panel} className="panel-sheet">
        <Boundary>
          <Suspense>
            <Panel onLeave={() => setPanelOpen(false)} />
          </Suspense>
        </Boundary>
      </Sheet>
      <Suspense>
        <Announcer />
      </Suspense>
    </div>
  )
}
