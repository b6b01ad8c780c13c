import { useQuery } from '@tanstack/react-query'
import { createFileRoute, Navigate } from '@tanstack/react-router'
import { StudioView } from '#features/personas/views/StudioView.tsx'
import { personaQuery } from '#lib/api/personas.ts'
import { asProblem } from '#lib/api/problem.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { NothingHere } from '#ui/NothingHere.tsx'

export const Route = createFileRoute('/studio/$id')({
  loader: ({ context: { queryClient }, params }) => void queryClient.prefetchQuery(personaQuery(params.id)),
  component: OwnPersona,
})

function OwnPersona() {
  const { id } = Route.useParams()
  const { data, error, refetch } = useQuery(personaQuery(id))
  if (error && !data) {
    if (asProblem(error).notFound) return <NothingHere />
    return <ErrorNote error={error} onRetry={() => void refetch()} />
  }
  if (!data) return <main id="main" className="page" aria-busy="true" />
  // The house's are not edited but forked.
  if (!data.own) return <Navigate to="/studio/new" search={{ from: id }} replace />
  return <StudioView key={data.id} persona={data} />
}
