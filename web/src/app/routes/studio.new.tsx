import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { StudioView } from '#features/personas/views/StudioView.tsx'
import { personaQuery } from '#lib/api/personas.ts'

export const Route = createFileRoute('/studio/new')({
  validateSearch: ({ from }): { from?: string } => (typeof from === 'string' ? { from } : {}),
  component: NewPersona,
})

function NewPersona() {
  const { from } = Route.useSearch()
  const { data, isPending } = useQuery({ ...personaQuery(from ?? ''), enabled: from !== undefined })
  if (from !== undefined && isPending) return <main id="main" className="page" aria-busy="true" />
  // Also of one's own a new one is made.
  return <StudioView key={from ?? ''} {...(data ? { persona: { ...data, own: false } } : {})} />
}
