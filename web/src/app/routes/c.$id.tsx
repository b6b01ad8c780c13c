import { createFileRoute } from '@tanstack/react-router'
import { conversationQuery } from '#features/conversations/api/queries.ts'
import { ConversationView } from '#features/conversations/views/ConversationView.tsx'

export const Route = createFileRoute('/c/$id')({
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(conversationQuery(params.id)),
  component: Conversation,
})

function Conversation() {
  const { id } = Route.useParams()
  const { boot } = Route.useRouteContext()
  return <ConversationView key={id} id={id} boot={boot} />
}
