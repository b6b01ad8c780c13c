/** The same as the graph, to be read: each pair, what the one feels for the other and the other way, and what is between them. */
import { panel } from '#messages/panel.ts'
import type { Pair, Tie } from '../model/ledger.ts'

export interface PairTableProps {
  readonly pairs: readonly Pair[]
  readonly nameOf: (id: string) => string
  readonly chosen: string | null
  readonly onChoose: (pair: string) => void
}

function Feeling({ tie, nameOf }: { readonly tie: Tie; readonly nameOf: (id: string) => string }) {
  return (
    <span className="pair-feeling">
      <span>{panel.oneWay(nameOf(tie.from), nameOf(tie.to))}</span>
      <em>{panel.feeling(tie.affinity)}</em>
      <span className="t-time">{panel.affinity(tie.affinity)}</span>
    </span>
  )
}

export function PairTable({ pairs, nameOf, chosen, onChoose }: PairTableProps) {
  return (
    <ul className="pairs">
      {pairs.map(({ id, there, back, allied, conflict }) => {
        const state = panel.state(allied, conflict)
        return (
          <li key={id}>
            <button type="button" className="pair" aria-pressed={id === chosen} onClick={() => onChoose(id)}>
              <Feeling tie={there} nameOf={nameOf} />
              <Feeling tie={back} nameOf={nameOf} />
              {state !== '' && (
                <span className="pair-state" data-conflict={conflict}>
                  {state}
                </span>
              )}
            </button>
          </li>
        )
      })}
    </ul>
  )
}
