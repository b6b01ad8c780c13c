import { createFileRoute } from '@tanstack/react-router'
import { runningQuery } from '#features/conversations/api/queries.ts'
import { LiveView } from '#features/conversations/views/LiveView.tsx'

export const Route = createFileRoute('/')({
  loader: ({ context }) => void context.queryClient.prefetchQuery(runningQuery()),
  component: Live,
})

function Live() {
  const { boot } = Route.useRouteContext()
  return <LiveView boot={boot} />
}
