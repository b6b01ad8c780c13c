/** One conversation: its stage, or the page for an address behind which there is nothing. */
import { useQuery } from '@tanstack/react-query'
import { asProblem } from '#lib/api/problem.ts'
import type { Boot } from '#lib/boot.ts'
import { conversationQuery } from '../api/queries.ts'
import { ConversationStage } from '../stage/ConversationStage.tsx'

export function ConversationView({ id, boot }: { readonly id: string; readonly boot: Boot }) {
  const { error, data } = useQuery(conversationQuery(id))
  // The frame's error page knows what to say; the stage needs only what exists.
  if (error && !data && asProblem(error).notFound) throw error
  return <ConversationStage conversationId={id} boot={boot} />
}
