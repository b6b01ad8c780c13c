/** Tells screen readers who speaks, and aloud only that the line is lost. */
import { useEffect, useRef, useState } from 'react'
import { usePreferences } from '#lib/preferences.ts'
import { stage } from '#messages/stage.ts'
import { announcement } from './announcement.ts'
import { useConnection, useNow, usePlaying, useView } from './playing.tsx'

/** At most one announcement in this time; a newer one replaces one that waits. */
const BREATH_MS = 2_000

function usePolite(): string {
  const { state } = useView()
  const { lexed } = usePlaying()
  const verbosity = usePreferences(({ announce }) => announce)
  const [said, setSaid] = useState('')
  const before = useRef(state)
  const waiting = useRef<string | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)

  useEffect(() => {
    // What was there when the page opened is not news.
    const read = (text: string) => lexed.of(text)
    const news =
      before.current.rows.length === 0 ? null : announcement(before.current, state, verbosity, read)
    before.current = state
    if (news === null) return
    if (timer.current !== null) {
      waiting.current = news
      return
    }
    setSaid(news)
    const next = () => {
      timer.current = null
      if (waiting.current === null) return
      setSaid(waiting.current)
      waiting.current = null
      timer.current = setTimeout(next, BREATH_MS)
    }
    timer.current = setTimeout(next, BREATH_MS)
  }, [state, verbosity, lexed])

  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )
  return said
}

function useAlarm(): string {
  const { clock } = usePlaying()
  const { troubleSince, state } = useConnection()
  const local = useNow() - clock.offset
  if (state === 'stopped') return stage.states.stopped
  return troubleSince !== null && local - troubleSince >= BREATH_MS ? stage.lost : ''
}

export default function Announcer() {
  const polite = usePolite()
  const alarm = useAlarm()
  return (
    <div className="visually-hidden">
      <p aria-live="polite">{polite}</p>
      <p aria-live="assertive">{alarm}</p>
    </div>
  )
}
