/** Every change of what the cast feel for each other, with the line that caused it; a press goes there. */
import { useState } from 'react'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { Button } from '#ui/Button.tsx'
import type { RelationsLedger } from '../api/minds.ts'
import { receipts } from '../model/ledger.ts'
import { Section } from './Section.tsx'
import { useJump } from './useJump.ts'
import { shortOf } from './useLedger.ts'

const PAGE = 12

export interface ReceiptsProps {
  readonly state: ConversationState
  readonly ledger: RelationsLedger
  readonly changes: number
  readonly pair: string | null
  /** The two by name; null stands for all. */
  readonly title: string | null
  readonly onAll: () => void
}

/** The cited words, as far as the line is on the page. */
function quoted(state: ConversationState, messageId: string): string | null {
  const row = state.rows.findLast(({ id }) => id === messageId)
  return row?.kind === 'line' && !row.redacted ? row.text.replace(/[*_`#>]+/g, '') : null
}

export function Receipts({ state, ledger, changes, pair, title, onAll }: ReceiptsProps) {
  const [shown, setShown] = useState(PAGE)
  const jump = useJump()
  const nameOf = shortOf(state)
  const all = receipts(ledger, changes, pair)
  return (
    <Section
      title={panel.receipts(title)}
      aside={
        pair !== null && (
          <button type="button" className="panel-link" onClick={onAll}>
            {panel.receiptsAll}
          </button>
        )
      }
    >
      {all.length === 0 && <p className="panel-empty">{panel.noReceipts}</p>}
      <ol className="receipts">
        {all.slice(0, shown).map((each) => {
          const turned = panel.turned(each.alliance, each.conflict)
          const quote = quoted(state, each.evidence)
          return (
            <li key={`${each.seq}${each.from}${each.to}`}>
              <button type="button" className="receipt" onClick={() => void jump(each.evidence)}>
                <span>{panel.oneWay(nameOf(each.from), nameOf(each.to))}</span>
                <span className="receipt-delta t-time">{panel.signed(each.delta)}</span>
                <span className="t-time">{panel.nowIs(each.affinity)}</span>
                <span className="t-time">{panel.time(each.at)}</span>
                {turned !== '' && <b>{turned}</b>}
                {quote && <q dir="auto">{quote}</q>}
                <span className="visually-hidden">. {panel.go}</span>
              </button>
            </li>
          )
        })}
      </ol>
      {all.length > shown && (
        <Button size="small" onClick={() => setShown((before) => before + PAGE)}>
          {panel.showMore}
        </Button>
      )}
    </Section>
  )
}
