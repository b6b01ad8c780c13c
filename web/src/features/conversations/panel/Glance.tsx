/** Relations at a glance: the graph as it is now, and in words who stands with whom. */
import { ChevronRight } from 'lucide-react'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { campsOf, standing } from '../model/ledger.ts'
import { Graph } from './Graph.tsx'
import { Section } from './Section.tsx'
import { peopleOf, shortOf, useLedger } from './useLedger.ts'

const HEIGHT = 190

export function Glance({
  state,
  onRelations,
}: {
  readonly state: ConversationState
  readonly onRelations: () => void
}) {
  const { data, error, refetch } = useLedger(state)
  const people = peopleOf(state)
  const nameOf = shortOf(state)
  const pairs = data ? standing(data, people) : []
  const camps = campsOf(people, pairs)
  const told = pairs.filter(({ allied, conflict }) => allied || conflict !== 'banter')
  return (
    <Section
      title={panel.relations}
      aside={
        <button type="button" className="panel-link panel-open" onClick={onRelations}>
          {panel.graphFor}
          <ChevronRight aria-hidden="true" />
        </button>
      }
    >
      {error && !data ? (
        <ErrorNote error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <div className="glance-graph">
            <Graph state={state} people={people} pairs={pairs} order={camps} height={HEIGHT} />
          </div>
          <ul className={told.length === 0 ? 'panel-empty' : 'visually-hidden'}>
            {told.length === 0 && <li>{panel.noBonds}</li>}
            {told.map(({ id, there, allied, conflict }) => (
              <li key={id}>
                {panel.between(nameOf(there.from), nameOf(there.to))}: {panel.state(allied, conflict)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  )
}
