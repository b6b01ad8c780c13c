/** Names the piece and says how live it is. */
import { PanelRight } from 'lucide-react'
import type { View } from '#live/conversationStore.ts'
import { stage } from '#messages/stage.ts'
import { IconButton } from '#ui/Button.tsx'
import { Pill } from '#ui/Pill.tsx'
import { useCondition, useConnection, useNow, usePlaying, useView } from './playing.tsx'
import './Header.css'

/** Trouble shorter than this is nobody's business. */
const PATIENCE_MS = 2_000

function caption({ state }: View): string {
  const parts: string[] = []
  if (state.fromSeq === 1 && state.topics.length > 0) parts.push(stage.topic(state.topics.length))
  if (state.topic !== '' && state.topic !== state.title) parts.push(state.topic)
  else if (state.startedAt !== null) parts.push(stage.since(new Date(state.startedAt)))
  return parts.join(' · ')
}

/** How live it is: the line first, then the conversation. */
function useLiveness(): { readonly tone: 'live' | 'outline'; readonly text: string } {
  const { state, viewers } = useView()
  const { phase } = useCondition()
  const { clock } = usePlaying()
  const connection = useConnection()
  const local = useNow() - clock.offset
  const outline = (text: string) => ({ tone: 'outline' as const, text })
  const inTrouble = connection.troubleSince !== null && local - connection.troubleSince >= PATIENCE_MS
  if (connection.state === 'stopped') return outline(stage.states.stopped)
  if (inTrouble) {
    if (connection.state === 'offline') return outline(stage.states.offline)
    if (connection.state === 'stale') return outline(stage.states.stale)
    return outline(stage.reconnecting(Math.ceil(((connection.retryAt ?? local) - local) / 1000)))
  }
  if (phase === 'loading' && state.status === 'created') return outline(stage.states.loading)
  const watching = viewers === null || viewers === 0 ? '' : ` · ${stage.watching(viewers)}`
  if (state.status === 'running') return { tone: 'live', text: stage.live + watching }
  return outline(stage.states[state.status] + watching)
}

export function Header({ onOpenPanel }: { readonly onOpenPanel: () => void }) {
  const view = useView()
  const { tone, text } = useLiveness()
  return (
    <header className="header">
      <div className="header-piece">
        <p className="header-topic t-caption">{caption(view)}</p>
        <h1 className="t-title header-title" dir="auto">
          {view.state.title}
        </h1>
      </div>
      <div className="header-side">
        {/* It ends where the page ends: another text is another pill, not the same one moved. */}
        <Pill key={text} tone={tone}>
          {text}
        </Pill>
        <span className="header-panel">
          <IconButton label={stage.openPanel} onClick={onOpenPanel}>
            <PanelRight aria-hidden="true" />
          </IconButton>
        </span>
      </div>
    </header>
  )
}
