/** One conversation as a row: what about, the last line, who, when, how long. */
import { Link } from '@tanstack/react-router'
import type { Conversation } from '#lib/api/types.ts'
import { sayWhen } from '#lib/when.ts'
import { en } from '#messages/en.ts'
import { MaskRow } from '#ui/MaskRow.tsx'
import { MiniScore } from './MiniScore.tsx'
import './LibraryRow.css'

export function LibraryRow({ conversation }: { readonly conversation: Conversation }) {
  const { id, title, topic, status, participants, message_count, created_at, started_at, last_line } =
    conversation
  const since = started_at ?? created_at
  return (
    <li className="library-row">
      <Link className="library-link" to="/c/$id" params={{ id }}>
        <span className="library-title">{title || topic}</span>
        <span className="library-facts">
          <span className={`library-status library-${status}`}>{en.status[status]}</span>
          <span>{en.common.messages(message_count)}</span>
          <time dateTime={since}>{sayWhen(since, new Date())}</time>
        </span>
        {last_line && <span className="library-line">“{last_line.text}”</span>}
      </Link>
      <MiniScore conversation={conversation} />
      <MaskRow cast={participants} size={26} />
    </li>
  )
}
