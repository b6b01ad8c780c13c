import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { startersQuery } from '#features/conversations/api/queries.ts'
import { StartView } from '#features/conversations/views/StartView.tsx'
import { personasQuery } from '#lib/api/personas.ts'
import { providersQuery } from '#lib/api/providers.ts'

interface StartSearch {
  readonly topic?: string
  readonly cast?: string
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export const Route = createFileRoute('/new')({
  validateSearch: ({ topic, cast }): StartSearch => ({
    ...(text(topic) ? { topic: text(topic) } : {}),
    ...(text(cast) ? { cast: text(cast) } : {}),
  }),
  loader: ({ context: { queryClient } }) => {
    void queryClient.prefetchQuery(personasQuery())
    void queryClient.prefetchQuery(providersQuery())
    void queryClient.prefetchQuery(startersQuery())
  },
  component: Start,
})

function Start() {
  const { topic, cast } = Route.useSearch()
  const personas = useQuery(personasQuery())
  const providers = useQuery(providersQuery())
  return (
    <StartView
      topic={topic ?? ''}
      cast={cast ? cast.split(',') : []}
      personas={personas}
      providers={providers}
    />
  )
}
