import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { startersQuery } from '#features/conversations/api/queries.ts'
import { StartView } from '#features/conversations/views/StartView.tsx'
import { personasQuery } from '#lib/api/personas.ts'
import { providersQuery } from '#lib/api/providers.ts'

interface StartSearch {
  readonly topic?: string
  readonly cast?: string
  /** The mind every seat begins with: `ollama`, `openai gpt-5-mini`. */
  readonly mind?: string
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export const Route = createFileRoute('/new')({
  validateSearch: ({ topic, cast, mind }): StartSearch => ({
    ...(text(topic) ? { topic: text(topic) } : {}),
    ...(text(cast) ? { cast: text(cast) } : {}),
    ...(text(mind) ? { mind: text(mind) } : {}),
  }),
  loader: ({ context: { queryClient } }) => {
    void queryClient.prefetchQuery(personasQuery())
    void queryClient.prefetchQuery(providersQuery())
    void queryClient.prefetchQuery(startersQuery())
  },
  component: Start,
})

function Start() {
  const { topic, cast, mind } = Route.useSearch()
  const personas = useQuery(personasQuery())
  const providers = useQuery(providersQuery())
  return (
    <StartView
      topic={topic ?? ''}
      cast={cast ? cast.split(',') : []}
      mind={mind ?? ''}
      personas={personas}
      providers={providers}
    />
  )
}
