/** How each part of the quality went, drawn small beside the others. */

import { useQuery } from '@tanstack/react-query'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { Sparkline } from '#ui/Sparkline.tsx'
import { qualityQuery } from '../api/minds.ts'
import { Section } from './Section.tsx'

export function QualityParts({ state }: { readonly state: ConversationState }) {
  const { data } = useQuery(qualityQuery(state.id))
  const scored = data?.history ?? []
  if (scored.length < 2) return null
  return (
    <Section title={panel.qualityParts}>
      <ul className="quality-parts">
        {panel.partOrder.map((name) => {
          const values = scored.flatMap(({ components }) => components[name] ?? [])
          const now = values.at(-1)
          return (
            <li key={name}>
              <span>{panel.part(name)}</span>
              <Sparkline values={values} height={18} />
              <span className="t-time">{now === undefined ? '–' : panel.percent(now)}</span>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
