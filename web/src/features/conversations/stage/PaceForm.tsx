/** The inside of the pace popover, fetched while nobody waits: how lines appear, how fast they follow each other. */
import type { Pace } from '#live/events.ts'
import { pace as words } from '#messages/pace.ts'
import { stage } from '#messages/stage.ts'
import { Segmented } from '#ui/Segmented.tsx'
import { Slider } from '#ui/Slider.tsx'
import { FASTEST, SLOWEST, STEP } from './tempo.ts'

const MODES = ['stream', 'human', 'instant'] as const

export interface PaceFormProps {
  readonly pace: Pace
  readonly problem: string | null
  readonly onMove: (pace: Pace) => void
  readonly onSave: (pace: Pace) => void
}

export default function PaceForm({ pace, problem, onMove, onSave }: PaceFormProps) {
  return (
    <div className="pace-form">
      <Segmented
        label={stage.pace}
        value={pace.mode}
        options={MODES.map((mode) => ({ value: mode, label: words.modes[mode] }))}
        onChange={(mode) => onSave({ ...pace, mode })}
      />
      <p className="pace-about">{words.modeAbout[pace.mode]}</p>
      <Slider
        label={words.speed}
        value={pace.speed}
        min={SLOWEST}
        max={FASTEST}
        step={STEP}
        text={stage.paceValue(pace.speed)}
        disabled={pace.mode === 'instant'}
        onChange={(speed) => onMove({ ...pace, speed })}
        onCommit={(speed) => onSave({ ...pace, speed })}
      />
      {problem !== null && (
        <p className="controls-error" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
