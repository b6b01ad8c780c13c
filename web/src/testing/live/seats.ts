/** Seats of a conversation as the house sends them. */
import type { Participant } from '#lib/api/types.ts'

export const seat = (slug: string, color = 'steel', part: Partial<Participant> = {}): Participant => ({
  id: `par_${slug}`,
  persona_id: `per_${slug}`,
  slug,
  name: `The ${slug.charAt(0).toUpperCase()}${slug.slice(1)}`,
  color,
  mask: slug,
  provider: 'scripted',
  model: 'troupe',
  muted: false,
  ...part,
})
