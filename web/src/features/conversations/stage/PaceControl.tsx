/** How lines appear and how fast they follow each other; saved at once. */
import { lazy, Suspense, useEffect, useState } from 'react'
import { useActions } from '#actions/registry.ts'
import { asProblem } from '#lib/api/problem.ts'
import { whenIdle } from '#lib/whenIdle.ts'
import type { Pace } from '#live/events.ts'
import { stage } from '#messages/stage.ts'
import { Popover } from '#ui/Menu.tsx'
import { usePatchConversation } from '../api/mutations.ts'
import { useView } from './playing.tsx'
import { FASTEST, SLOWEST, STEP } from './tempo.ts'

const load = () => import('./PaceForm.tsx')
const PaceForm = lazy(load)

export function PaceControl({ conversationId }: { readonly conversationId: string }) {
  const { state } = useView()
  const patch = usePatchConversation(conversationId)
  const [pace, setPace] = useState<Pace>(state.pace)
  useEffect(() => whenIdle(load), [])
  // What the log says wins, whoever said it.
  useEffect(() => setPace(state.pace), [state.pace])

  const save = (next: Pace) => {
    setPace(next)
    patch.mutate({ pace: next }, { onError: () => setPace(state.pace) })
  }
  const change = (by: number) => {
    const speed = Math.min(FASTEST, Math.max(SLOWEST, pace.speed + by))
    if (speed !== pace.speed) save({ ...pace, speed })
  }
  useActions([
    {
      id: 'conversation.slower',
      group: 'conversation',
      label: stage.slower,
      keys: [','],
      run: () => change(-STEP),
    },
    {
      id: 'conversation.faster',
      group: 'conversation',
      label: stage.faster,
      keys: ['.'],
      run: () => change(STEP),
    },
  ])

  return (
    <Popover
      label={stage.pace}
      side="top"
      trigger={
        <button
          type="button"
          className="pace-button"
          disabled={state.status === 'ended'}
          aria-label={`${stage.pace}: ${stage.paceValue(pace.speed)}`}
        >
          {stage.paceValue(pace.speed)}
        </button>
      }
    >
      <Suspense>
        <PaceForm
          pace={pace}
          problem={patch.isError ? asProblem(patch.error).message : null}
          onMove={setPace}
          onSave={save}
        />
      </Suspense>
    </Popover>
  )
}
