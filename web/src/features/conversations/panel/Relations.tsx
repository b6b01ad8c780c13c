/** How the cast stand to each other and how it came to that: graph, time, table, and every change with its line. */
import { useState } from 'react'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import type { RelationsLedger } from '../api/minds.ts'
import { campsOf, momentsOf, type Pair, passedAt, standing } from '../model/ledger.ts'
import { useView } from '../stage/playing.tsx'
import { useScriptPosition } from '../stage/scriptPosition.tsx'
import { Graph } from './Graph.tsx'
import { PairTable } from './PairTable.tsx'
import { Receipts } from './Receipts.tsx'
import { Scrubber } from './Scrubber.tsx'
import { Answered, Section } from './Section.tsx'
import { peopleOf, shortOf, useLedger } from './useLedger.ts'
import './Relations.css'

const HEIGHT = 264

function Sample({ kind }: { readonly kind: 'likes' | 'dislikes' }) {
  return (
    <svg width="24" height="6" data-kind={kind} aria-hidden="true">
      <path className="graph-stroke" d="M2 3H22" strokeWidth="2.4" />
    </svg>
  )
}

/** Where the viewer is in the script while they look at what was said before; null: where it is played. */
function useSeen({ rows }: ConversationState): number | null {
  const { pinned, shown } = useScriptPosition()
  return pinned ? null : (rows.find(({ id }) => id === shown)?.seq ?? null)
}

function Ledger({ state, ledger }: { readonly state: ConversationState; readonly ledger: RelationsLedger }) {
  const seen = useSeen(state)
  /** Where in time the hand has gone, until the script is looked at elsewhere. */
  const [byHand, setByHand] = useState<{
    readonly seen: number | null
    readonly passed: number | null
  } | null>(null)
  const [chosen, setChosen] = useState<string | null>(null)
  const people = peopleOf(state)
  const nameOf = shortOf(state)
  const moments = momentsOf(ledger)
  const followed = seen === null ? null : passedAt(moments, state.notes, seen)
  /** How many moments have passed; null follows what happens. */
  const passed =
    byHand && byHand.seen === seen ? byHand.passed : followed === moments.length ? null : followed
  const moment = passed === null ? moments.at(-1) : moments[passed - 1]
  const changes = passed === null ? ledger.history.length : (moment?.changes ?? 0)
  const pairs = standing(ledger, people, changes)
  const now = campsOf(people, standing(ledger, people))
  const camps = campsOf(people, pairs)
  const choose = (pair: string) => setChosen((before) => (before === pair ? null : pair))
  const chosenPair: Pair | undefined = pairs.find(({ id }) => id === chosen)
  const title = chosenPair ? panel.between(nameOf(chosenPair.there.from), nameOf(chosenPair.there.to)) : null
  return (
    <>
      <Section title={panel.relations}>
        <div className="relations-graph">
          <Graph
            state={state}
            people={people}
            pairs={pairs}
            order={now}
            height={HEIGHT}
            chosen={chosenPair ? chosen : null}
            onChoose={choose}
          />
        </div>
        <p className="relations-camps">
          {camps.length > 0 ? panel.camps(camps.map((side) => side.map(nameOf))) : panel.noCamps}
        </p>
        <p className="relations-legend t-small" aria-hidden="true">
          <Sample kind="likes" />
          {panel.legend.likes}
          <Sample kind="dislikes" />
          {panel.legend.dislikes}
          <span>{panel.legend.stronger}</span>
        </p>
        {moments.length === 0 ? (
          <p className="panel-empty">{panel.nothingYet}</p>
        ) : (
          <Scrubber moments={moments} passed={passed} onPass={(to) => setByHand({ seen, passed: to })} />
        )}
      </Section>
      <Section title={panel.table}>
        <PairTable pairs={pairs} nameOf={nameOf} chosen={chosen} onChoose={choose} />
      </Section>
      <Receipts
        key={chosen ?? ''}
        state={state}
        ledger={ledger}
        changes={changes}
        pair={chosenPair ? chosen : null}
        title={title}
        onAll={() => setChosen(null)}
      />
    </>
  )
}

export default function Relations() {
  const { state } = useView()
  const result = useLedger(state)
  return <Answered result={result}>{(ledger) => <Ledger state={state} ledger={ledger} />}</Answered>
}
