/** A warning where two of a cast sound so much alike that nobody will tell them apart. */
import { useQuery } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import type { Persona } from '#lib/api/types.ts'
import { start } from '#messages/conversations.ts'

export function AlikeNote({ cast }: { readonly cast: readonly Persona[] }) {
  const slugs = cast.map(({ slug }) => slug)
  const { data = [] } = useQuery({
    queryKey: ['personas', 'alike', slugs],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET('/api/v1/personas/alike', { params: { query: { persona: slugs } }, signal })))
        .items,
    // Those of the house differ in what they say, if not in how their lines are built.
    enabled: cast.length > 1 && cast.some(({ own }) => own),
  })
  const named = (slug: string) => cast.find((each) => each.slug === slug)
  const pairs = data.filter(({ one, other }) => named(one)?.own || named(other)?.own)
  return pairs.map(({ one, other }) => (
    <p key={`${one} ${other}`} className="field-hint" role="status">
      {start.alike(named(one)?.name ?? one, named(other)?.name ?? other)}
    </p>
  ))
}
