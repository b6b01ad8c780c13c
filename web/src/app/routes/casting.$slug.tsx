import { createFileRoute } from '@tanstack/react-router'
import { PersonaView } from '#features/personas/views/PersonaView.tsx'
import { personaQuery, personasQuery } from '#lib/api/personas.ts'

export const Route = createFileRoute('/casting/$slug')({
  loader: ({ context: { queryClient }, params }) => {
    void queryClient.prefetchQuery(personaQuery(params.slug))
    void queryClient.prefetchQuery(personasQuery())
  },
  component: Persona,
})

function Persona() {
  const { slug } = Route.useParams()
  return <PersonaView key={slug} slug={slug} />
}
