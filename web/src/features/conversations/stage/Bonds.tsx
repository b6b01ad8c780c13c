/** Who stands with whom: allies, and those who are at odds. */
import { useQuery } from '@tanstack/react-query'
import type { ConversationState } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import { relationsQuery } from '../api/queries.ts'

export function Bonds({ state }: { readonly state: ConversationState }) {
  const { data } = useQuery(relationsQuery(state.id, state.bondSeq))
  const nameOf = (id: string) => state.participants.find((each) => each.id === id)?.short ?? id
  const bonds = (data?.pairs ?? []).filter(({ allied, conflict }) => allied || conflict !== 'banter')
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.bonds}</span>
      </h2>
      <ul>
        {bonds.length === 0 && <li className="panel-empty">{stage.noBonds}</li>}
        {bonds.map(({ participants, allied, conflict }) => (
          <li key={participants.join()} className="bond">
            <b>{stage.pair(participants.map(nameOf))}</b>
            <em>{conflict === 'banter' ? stage.allies : stage.conflict(conflict, allied)}</em>
          </li>
        ))}
      </ul>
    </section>
  )
}
