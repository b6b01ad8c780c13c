/** What the conversation has cost so far. */
import { messageCount } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { conversationQuery } from '../api/queries.ts'
import { Section } from './Section.tsx'
import { useFresh } from './useFresh.ts'

export function Cost({ state }: { readonly state: ConversationState }) {
  const { data } = useFresh(conversationQuery(state.id), messageCount(state))
  const figure = data ? panel.costs(data.cost.amount, data.cost.estimated) : '–'
  return (
    <Section
      title={panel.cost}
      aside={
        <span key={figure} className="t-figure">
          {figure}
        </span>
      }
    >
      <p className="panel-note t-time">{panel.costAbout}</p>
    </Section>
  )
}
