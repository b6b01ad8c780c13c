/** Listens for shortcuts and opens the palette and the help sheet, whose code is fetched when first wanted. */
import { useRouter } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { isTaken, match, nameOf, PAIR_MS } from '#actions/keys.ts'
import { type Action, allActions, useActions } from '#actions/registry.ts'
import { prefer, preferences } from '#lib/preferences.ts'
import { en } from '#messages/en.ts'
import { houseActions } from '../actions.ts'
import { otherTheme } from '../look.ts'
import { takeKeys } from './earlyKeys.ts'

const Palette = lazy(() => import('./Palette.tsx'))
const Help = lazy(() => import('./Help.tsx'))

type Open = 'none' | 'palette' | 'help'

/** Runs the action a key press stands for; single keys only where nothing else wants them. */
function useShortcuts(): void {
  const pending = useRef({ keys: '', at: 0 })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      const name = nameOf(event)
      if (isTaken(event.target, name)) return
      if (!name.includes('mod+') && !preferences().shortcuts) return
      const before = event.timeStamp - pending.current.at < PAIR_MS ? pending.current.keys : ''
      const possible = allActions().filter(({ when }) => when?.() ?? true)
      const found = match(possible, before, name)
      pending.current = { keys: found.pending, at: event.timeStamp }
      if (!found.hit) return
      event.preventDefault()
      void found.hit.run()
    }
    takeKeys().forEach(onKeyDown)
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}

export default function Commands() {
  const router = useRouter()
  const [open, setOpen] = useState<Open>('none')
  useActions(
    houseActions({
      go: (to) => void router.navigate({ to }),
      palette: () => setOpen('palette'),
      help: () => setOpen('help'),
      theme: () => prefer({ theme: otherTheme() }),
    }),
  )
  useShortcuts()
  const close = (stays: boolean) => {
    if (!stays) setOpen('none')
  }
  const run = (action: Action) => {
    setOpen('none')
    // After the palette has given the focus back, so that an action may move it.
    requestAnimationFrame(() => void action.run())
  }
  return (
    <Suspense fallback={<span className="visually-hidden">{en.common.loading}</span>}>
      {open === 'palette' && <Palette onOpenChange={close} onRun={run} />}
      {open === 'help' && <Help onOpenChange={close} />}
    </Suspense>
  )
}
