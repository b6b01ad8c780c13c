import { createFileRoute } from '@tanstack/react-router'
import { CastingView } from '#features/personas/views/CastingView.tsx'
import { personasQuery } from '#lib/api/personas.ts'

export const Route = createFileRoute('/casting/')({
  loader: ({ context }) => void context.queryClient.prefetchQuery(personasQuery()),
  component: CastingView,
})
