/** Says how much was said while the line was broken, where the viewer left off. */
import { useEffect } from 'react'
import { stage } from '#messages/stage.ts'
import { usePlaying } from './playing.tsx'
import { useScriptPosition } from './scriptPosition.tsx'

/** A note nobody answers goes by itself. */
const STAYS_MS = 60_000

export function AwayRow({ count }: { readonly count: number }) {
  const { live } = usePlaying()
  const { script } = useScriptPosition()
  useEffect(() => {
    const timer = setTimeout(() => live.dismissAway(), STAYS_MS)
    return () => clearTimeout(timer)
  }, [live])
  return (
    <div className="direction direction-away" id="row-away">
      <p className="t-direction">{stage.away(count)}</p>
      <button type="button" onClick={() => script.current?.toRow('away')}>
        {stage.readAway}
      </button>
    </div>
  )
}
