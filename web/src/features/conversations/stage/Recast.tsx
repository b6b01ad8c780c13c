/** Who plays a seat, and a press that gives it to another model while the show runs. */
import { ChevronsUpDown } from 'lucide-react'
import { useState } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import type { ConversationState, Participant } from '#live/state.ts'
import { start } from '#messages/conversations.ts'
import { minds } from '#messages/minds.ts'
import { stage } from '#messages/stage.ts'
import { useRecast } from '../api/mutations.ts'
import { AUTO } from '../model/minds.ts'
import { MindChange, SCRIPTED } from './MindChange.tsx'
import './Recast.css'

function playedBy({ provider, model }: Participant): string {
  if (provider === AUTO) return start.auto
  return provider === SCRIPTED ? stage.scripted : model
}

export interface RecastProps {
  readonly state: ConversationState
  readonly participant: Participant
}

export function Recast({ state, participant }: RecastProps) {
  const [open, setOpen] = useState(false)
  const recast = useRecast(state.id, participant.id)
  const { name, provider, model, present } = participant
  const by = playedBy(participant)
  const title = provider === SCRIPTED ? stage.scriptedTitle : stage.route(provider, model)
  if (state.status === 'ended' || !present) {
    return (
      <span className="recast t-time" title={title}>
        {by}
      </span>
    )
  }
  return (
    <>
      <button
        type="button"
        className="recast t-time"
        title={title}
        aria-haspopup="dialog"
        aria-label={minds.recastOf(name, by)}
        disabled={recast.isPending}
        onClick={() => setOpen(true)}
      >
        <span>{by}</span>
        <ChevronsUpDown aria-hidden="true" />
      </button>
      {recast.isError && (
        <span className="recast-failed" role="alert">
          {asProblem(recast.error).message}
        </span>
      )}
      {open && <MindChange participant={participant} recast={recast} onClose={() => setOpen(false)} />}
    </>
  )
}
