/** What the audience makes of a line: the emojis it was given, and a few to give. */
import { SmilePlus } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import type { Reacted } from '#live/feelings.ts'
import type { Line } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import { Popover } from '#ui/Menu.tsx'
import { notify } from '#ui/toast.ts'
import { useReact } from '../api/mutations.ts'
import { useView } from './playing.tsx'
import './Reactions.css'

// Few lines are marked.
const LineMarks = lazy(() => import('../crowd/LineMarks.tsx'))

/** The first five please the cast, the next three do not. */
const PALETTE = ['👏', '😂', '❤', '🔥', '🌹', '👎', '😴', '🍅'] as const
const NOTHING: Readonly<Record<string, Reacted>> = {}

export function Reactions({ line }: { readonly line: Line }) {
  const { state } = useView()
  const { mutate } = useReact(state.id)
  const given = state.reactions[line.id] ?? NOTHING
  const isMine = (emoji: string) => (given[emoji]?.mine ?? 0) > 0
  const toggle = (emoji: string) =>
    mutate(
      { messageId: line.id, emoji, on: !isMine(emoji) },
      { onError: (error) => void notify({ text: asProblem(error).message, tone: 'error' }) },
    )
  // Its place is kept, so that nothing moves when the line is finished.
  if (line.draft) return <div className="reactions" />
  const shown = Object.entries(given).filter(([, { count }]) => count > 0)
  return (
    <div className="reactions">
      {shown.map(([emoji, { count }]) => (
        <button
          key={emoji}
          type="button"
          className="reaction"
          aria-pressed={isMine(emoji)}
          aria-label={stage.reaction(emoji, count)}
          onClick={() => toggle(emoji)}
        >
          <span aria-hidden="true">{emoji}</span> {count}
        </button>
      ))}
      <Popover
        label={stage.react}
        side="top"
        align="start"
        trigger={
          // Not one stop of the Tab key for each line.
          <button type="button" className="reaction reaction-more" tabIndex={-1} aria-label={stage.react}>
            <SmilePlus size={15} aria-hidden="true" />
          </button>
        }
      >
        <div className="reaction-palette">
          {PALETTE.map((emoji) => (
            <button
              key={emoji}
              type="button"
              className="reaction-choice"
              aria-pressed={isMine(emoji)}
              onClick={() => toggle(emoji)}
            >
              {emoji}
            </button>
          ))}
        </div>
        <Suspense>
          <LineMarks conversationId={state.id} messageId={line.id} />
        </Suspense>
      </Popover>
    </div>
  )
}
