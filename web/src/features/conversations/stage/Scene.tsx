/** The stage above, the script below it: the script runs under the stage, so that nothing moves when the stage gets low. */
import clsx from 'clsx'
import { useSyncExternalStore } from 'react'
import { Script } from './Script.tsx'
import { Stage } from './Stage.tsx'
import { useScriptPosition } from './scriptPosition.tsx'
import './Scene.css'

/** Windows too low for the whole stage. */
const SHORT = '(max-height: 599.98px), (min-width: 760px) and (max-height: 759.98px)'

function onResize(changed: () => void): () => void {
  const query = matchMedia(SHORT)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}

export function Scene() {
  const { pinned } = useScriptPosition()
  const short = useSyncExternalStore(onResize, () => matchMedia(SHORT).matches)
  return (
    <div className={clsx('scene', (short || !pinned) && 'scene-low')}>
      <Stage />
      <Script />
    </div>
  )
}
