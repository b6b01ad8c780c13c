/** How a persona feels about others before a word is said: from cold to warm, one slider each. */
import { useQuery } from '@tanstack/react-query'
import { gelOf } from '#design/gels.ts'
import { personasQuery } from '#lib/api/personas.ts'
import { studio } from '#messages/studio.ts'
import { IconButton } from '#ui/Button.tsx'
import { Choice } from '#ui/Field.tsx'
import { Mask } from '#ui/Mask.tsx'
import { Slider } from '#ui/Slider.tsx'
import type { Draft } from './form.ts'
import './Regards.css'

/** Where a new one begins: warm enough to be seen. */
const WARM = 0.3

export interface RegardsProps {
  readonly relations: Draft['relations']
  /** The slug of the persona itself. */
  readonly editing: string | undefined
  readonly onChange: (part: Partial<Draft>) => void
}

export function Regards({ relations, editing, onChange }: RegardsProps) {
  const { data: company = [] } = useQuery(personasQuery())
  const free = company.filter(({ slug }) => slug !== editing && !Object.hasOwn(relations, slug))
  const set = (slug: string, value: number) => onChange({ relations: { ...relations, [slug]: value } })
  const drop = (slug: string) => {
    const { [slug]: _gone, ...rest } = relations
    onChange({ relations: rest })
  }
  return (
    <fieldset className="studio-section">
      <legend className="t-caption">{studio.sections.relations}</legend>
      <p className="field-hint">{studio.relationsAbout}</p>
      <ul className="regards">
        {Object.entries(relations).map(([slug, feels]) => {
          const other = company.find((each) => each.slug === slug)
          const name = other?.name ?? slug
          return (
            <li key={slug} className="regard" data-gel={gelOf(other?.color)}>
              <Mask mask={other?.mask ?? slug} size={30} />
              <Slider
                label={name}
                min={-1}
                max={1}
                step={0.1}
                value={feels}
                text={studio.feels(feels)}
                onChange={(value) => set(slug, value)}
              />
              <IconButton label={studio.dropRelation(name)} onClick={() => drop(slug)}>
                ×
              </IconButton>
            </li>
          )
        })}
      </ul>
      {free.length > 0 && (
        <Choice
          label={studio.addRelation}
          value=""
          onChange={(event) => event.target.value !== '' && set(event.target.value, WARM)}
        >
          <option value="">{studio.somebody}</option>
          {free.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name}
            </option>
          ))}
        </Choice>
      )}
    </fieldset>
  )
}
