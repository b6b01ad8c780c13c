/** Whom a persona likes from the start, and whom not. */
import { Link } from '@tanstack/react-router'
import { gelOf } from '#design/gels.ts'
import type { Persona } from '#lib/api/types.ts'
import { casting } from '#messages/house.ts'
import { Mask } from '#ui/Mask.tsx'
import './Relations.css'

export interface RelationsProps {
  readonly relations: Readonly<Record<string, number>>
  readonly company: readonly Persona[]
}

export function Relations({ relations, company }: RelationsProps) {
  const known = company.flatMap((persona) => {
    const affinity = relations[persona.slug]
    return affinity === undefined || affinity === 0 ? [] : [{ persona, affinity }]
  })
  if (known.length === 0) return null
  return (
    <section>
      <h2 className="t-caption">{casting.relations}</h2>
      <ul className="relations">
        {[...known]
          .sort((a, b) => b.affinity - a.affinity)
          .map(({ persona, affinity }) => (
            <li key={persona.slug} data-gel={gelOf(persona.color)}>
              <Link className="relations-link" to="/casting/$slug" params={{ slug: persona.slug }}>
                <Mask mask={persona.mask} size={22} />
                <span>
                  {affinity > 0 ? casting.fond : casting.wary} {persona.name}
                </span>
              </Link>
            </li>
          ))}
      </ul>
    </section>
  )
}
