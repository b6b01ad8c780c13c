import { createFileRoute } from '@tanstack/react-router'
import { experimentsQuery } from '#features/experiments/api/experiments.ts'
import { ExperimentsView } from '#features/experiments/views/ExperimentsView.tsx'

export const Route = createFileRoute('/admin/experiments')({
  loader: ({ context: { queryClient } }) => void queryClient.prefetchQuery(experimentsQuery()),
  component: ExperimentsView,
})
