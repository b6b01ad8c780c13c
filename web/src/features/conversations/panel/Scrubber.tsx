/** Goes through the moments at which something changed: by hand, by key, or playing by itself. */
import { Pause, Play } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { panel } from '#messages/panel.ts'
import { IconButton } from '#ui/Button.tsx'
import { Slider } from '#ui/Slider.tsx'
import type { Moment } from '../model/ledger.ts'

/** So long the whole history plays. */
const PLAYS_MS = 12_000

/** Steps from the first moment to the last while it is on. */
function usePlayback(count: number, onPass: (passed: number | null) => void) {
  const [playing, setPlaying] = useState(false)
  // What happens meanwhile is played as well, and does not begin it anew.
  const latest = useRef({ onPass, count })
  useEffect(() => {
    latest.current = { onPass, count }
  })
  useEffect(() => {
    if (!playing) return
    let passed = 0
    latest.current.onPass(0)
    const timer = setInterval(() => {
      passed += 1
      if (passed < latest.current.count) latest.current.onPass(passed)
      else {
        latest.current.onPass(null)
        setPlaying(false)
      }
    }, PLAYS_MS / Math.max(1, latest.current.count))
    return () => clearInterval(timer)
  }, [playing])
  return [playing, setPlaying] as const
}

export interface ScrubberProps {
  readonly moments: readonly Moment[]
  readonly passed: number | null
  readonly onPass: (passed: number | null) => void
}

export function Scrubber({ moments, passed, onPass }: ScrubberProps) {
  const [playing, setPlaying] = usePlayback(moments.length, onPass)
  const at = passed ?? moments.length
  const moment = moments[at - 1]
  const text =
    passed === null ? panel.newest : moment ? panel.atMoment(at, moments.length, moment.at) : panel.beginning
  return (
    <div className="scrubber">
      <IconButton
        label={playing ? panel.stopPlaying : panel.play}
        onClick={() => setPlaying((before) => !before)}
      >
        {playing ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
      </IconButton>
      <Slider
        label={panel.moment}
        value={at}
        min={0}
        max={moments.length}
        step={1}
        text={text}
        onChange={(value) => {
          setPlaying(false)
          onPass(value === moments.length ? null : value)
        }}
      />
    </div>
  )
}
