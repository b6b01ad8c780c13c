/** One conversation: its stage, or the page for an address behind which there is nothing. */
import { useQuery } from '@tanstack/react-query'
import { asProblem } from '#lib/api/problem.ts'
import type { Boot } from '#lib/boot.ts'
import { useTitle } from '#lib/useTitle.ts'
import { NothingHere } from '#ui/NothingHere.tsx'
import { conversationQuery } from '../api/queries.ts'
import { ConversationStage } from '../stage/ConversationStage.tsx'

export function ConversationView({ id, boot }: { readonly id: string; readonly boot: Boot }) {
  const { error, data } = useQuery(conversationQuery(id))
  useTitle(data && (data.title || data.topic))
  if (error && !data && asProblem(error).notFound) return <NothingHere />
  return <ConversationStage conversationId={id} boot={boot} />
}
