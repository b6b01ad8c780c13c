/** How lines appear and how fast they follow each other; saved at once. */
import { useEffect, useState } from 'react'
import { useActions } from '#actions/registry.ts'
import { asProblem } from '#lib/api/problem.ts'
import type { Pace } from '#live/events.ts'
import { stage } from '#messages/stage.ts'
import { Popover } from '#ui/Menu.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { Slider } from '#ui/Slider.tsx'
import { usePatchConversation } from '../api/mutations.ts'
import { useView } from './playing.tsx'

const MODES = ['stream', 'human', 'instant'] as const
const SLOWEST = 0.25
const FASTEST = 4
const STEP = 0.25

export function PaceControl({ conversationId }: { readonly conversationId: string }) {
  const { state } = useView()
  const patch = usePatchConversation(conversationId)
  const [pace, setPace] = useState<Pace>(state.pace)
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
      <div className="pace-form">
        <Segmented
          label={stage.pace}
          value={pace.mode}
          options={MODES.map((mode) => ({ value: mode, label: stage.modes[mode] }))}
          onChange={(mode) => save({ ...pace, mode })}
        />
        <p className="pace-about">{stage.modeAbout[pace.mode]}</p>
        <Slider
          label={stage.speed}
          value={pace.speed}
          min={SLOWEST}
          max={FASTEST}
          step={STEP}
          text={stage.paceValue(pace.speed)}
          disabled={pace.mode === 'instant'}
          onChange={(speed) => setPace({ ...pace, speed })}
          onCommit={(speed) => save({ ...pace, speed })}
        />
        {patch.isError && (
          <p className="controls-error" role="alert">
            {asProblem(patch.error).message}
          </p>
        )}
      </div>
    </Popover>
  )
}
