/** What a viewer does with one line besides reacting: mark it for everybody or for oneself, link to it. */
import { useQuery } from '@tanstack/react-query'
import { Bookmark, Link, Star } from 'lucide-react'
import { asProblem } from '#lib/api/problem.ts'
import { stalls } from '#messages/stalls.ts'
import { notify } from '#ui/toast.ts'
import { bookmarksQuery, highlightsQuery, type Mark, useMark } from '../api/stalls.ts'
import './Crowd.css'

export interface LineMarksProps {
  readonly conversationId: string
  readonly messageId: string
}

export default function LineMarks({ conversationId, messageId }: LineMarksProps) {
  const highlights = useQuery(highlightsQuery(conversationId))
  const bookmarks = useQuery(bookmarksQuery(conversationId))
  const { mutate } = useMark(conversationId)
  const found = highlights.data?.find(({ id }) => id === messageId)
  const highlighted = found?.because.includes('by_hand') ?? false
  const kept = bookmarks.data?.some(({ id }) => id === messageId) ?? false
  const mark = (kind: Mark['kind'], on: boolean) =>
    mutate(
      { kind, messageId, on },
      { onError: (error) => void notify({ text: asProblem(error).message, tone: 'error' }) },
    )
  const link = async () => {
    try {
      await navigator.clipboard.writeText(`${location.origin}/c/${conversationId}#${messageId}`)
      await notify({ text: stalls.copied })
    } catch {
      await notify({ text: stalls.notCopied, tone: 'error' })
    }
  }
  return (
    <div className="line-marks">
      <button type="button" aria-pressed={highlighted} onClick={() => mark('highlight', !highlighted)}>
        <Star size={16} aria-hidden="true" /> {stalls.highlight}
      </button>
      <button type="button" aria-pressed={kept} onClick={() => mark('bookmark', !kept)}>
        <Bookmark size={16} aria-hidden="true" /> {stalls.bookmark}
      </button>
      <button type="button" onClick={() => void link()}>
        <Link size={16} aria-hidden="true" /> {stalls.copyLink}
      </button>
    </div>
  )
}
