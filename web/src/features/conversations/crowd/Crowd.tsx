/** What the crowd brings to the stage itself: the poll that is open, and the line that a link names. */

import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { pollsQuery } from '../api/stalls.ts'
import { useFresh } from '../panel/useFresh.ts'
import { useJump } from '../panel/useJump.ts'
import { useCondition, useNow, useView } from '../stage/playing.tsx'
import { PollCard } from './PollCard.tsx'

/** How long the outcome stays. */
const SHOWN_MS = 12_000
/** A line that is not drawn by then is not there. */
const MOST_FRAMES = 60
const LINE = /^#(msg_[\w-]{1,80})$/

/** Goes to the line that the address names, now and whenever it names another. */
function useDeepLink() {
  const { phase } = useCondition()
  const jump = useRef(useJump())
  useEffect(() => {
    if (phase !== 'open') return
    const go = () => {
      const line = LINE.exec(location.hash)?.[1]
      if (line !== undefined) void jump.current(line).then(() => glow(line))
    }
    go()
    window.addEventListener('hashchange', go)
    return () => window.removeEventListener('hashchange', go)
  }, [phase])
}

/** Marks a line for a moment, by light alone, as soon as it is drawn. */
async function glow(line: string): Promise<void> {
  const colour = 'color-mix(in oklch, var(--limelight) 28%, transparent)'
  for (let frames = 0; frames < MOST_FRAMES; frames += 1) {
    const row = document.getElementById(`row-${line}`)
    if (row) {
      row.focus({ preventScroll: true })
      row.animate([{ backgroundColor: colour }, { backgroundColor: colour, offset: 0.6 }, {}], 3_000)
      return
    }
    await new Promise((drawn) => requestAnimationFrame(drawn))
  }
}

function OnStage({ conversationId }: { readonly conversationId: string }) {
  const { state } = useView()
  const now = useNow()
  // Votes of others are no events: while a poll is open it is asked for now and then.
  const { data } = useQuery({ ...pollsQuery(conversationId), refetchInterval: 4_000 })
  useFresh(pollsQuery(conversationId), state.stallsSeq)
  const poll = data?.[0]
  if (!poll) return null
  if (!poll.open && now - new Date(poll.closes_at).getTime() > SHOWN_MS) return null
  return (
    <div className="poll-stage">
      <PollCard conversationId={conversationId} poll={poll} />
    </div>
  )
}

export default function Crowd({ conversationId }: { readonly conversationId: string }) {
  const { state } = useView()
  const opened = useRef(state.stallsSeq)
  const { data } = useQuery(pollsQuery(conversationId))
  useDeepLink()
  const maybe = data?.[0]?.open === true || state.stallsSeq !== opened.current
  return maybe ? <OnStage conversationId={conversationId} /> : null
}
