/** The way back to what is being said, with how far away it is. */
import { ArrowDown } from 'lucide-react'
import { useState } from 'react'
import { stage } from '#messages/stage.ts'
import { useNow, useView } from './playing.tsx'
import { useScriptPosition } from './scriptPosition.tsx'
import { spellTime } from './tempo.ts'
import './BackToLive.css'

function useLabel(): readonly string[] {
  const { state } = useView()
  const { pinned, shown } = useScriptPosition()
  const now = useNow()
  const [heard, setHeard] = useState(state.notes.length)
  if (pinned && heard !== state.notes.length) setHeard(state.notes.length)
  const fresh = state.notes.length - heard
  const parts: string[] = []
  const row = state.rows.find(({ id }) => id === shown)
  if (row && row !== state.rows.at(-1) && state.status === 'running')
    parts.push(stage.behind(spellTime(now - Date.parse(row.at))))
  if (fresh > 0) parts.push(stage.newMessages(fresh))
  parts.push(state.status === 'running' ? stage.backToLive : stage.backToEnd)
  return parts
}

export function BackToLive() {
  const { pinned, script } = useScriptPosition()
  const label = useLabel()
  if (pinned) return null
  return (
    <button type="button" className="back-to-live" onClick={() => script.current?.toEnd()}>
      <ArrowDown aria-hidden="true" />
      {label.join(' · ')}
    </button>
  )
}
