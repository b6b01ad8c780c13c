/** What two versions differ in besides their words: traits, relations, looks, switches. */
import type { PersonaCard } from '#lib/api/types.ts'
import { studio } from '#messages/studio.ts'

const percent = (share: number | null | undefined) => (share == null ? '–' : `${Math.round(share * 100)}`)
const signed = (feels: number | undefined) => (feels === undefined ? '–' : feels.toFixed(1))

export function movesOf(before: PersonaCard, after: PersonaCard): readonly string[] {
  const moved: string[] = []
  const tell = (what: string, was: string, is: string) => {
    if (was !== is) moved.push(`${what} ${was} → ${is}`)
  }
  for (const name of Object.keys(studio.traits) as (keyof typeof studio.traits)[])
    tell(studio.traits[name][0], percent(before.traits[name]), percent(after.traits[name]))
  tell(studio.sens[0], percent(before.traits.sens), percent(after.traits.sens))
  tell(studio.typing, `${before.traits.cps}`, `${after.traits.cps}`)
  tell(studio.rhythm, studio.rhythms[before.rhythm], studio.rhythms[after.rhythm])
  for (const slug of new Set([...Object.keys(before.relations), ...Object.keys(after.relations)]))
    tell(slug, signed(before.relations[slug]), signed(after.relations[slug]))
  tell(studio.remembers, studio.switched(before.remembers), studio.switched(after.remembers))
  tell(studio.gel, before.color, after.color)
  if (before.mask !== after.mask) moved.push(studio.sections.look)
  return moved
}
