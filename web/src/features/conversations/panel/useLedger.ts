/** The ledger of relations of the conversation on stage, as the panel's parts read it. */

import { messageCount } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { ledgerQuery } from '../api/minds.ts'
import { useFresh } from './useFresh.ts'

/** When the stage was last swept: feelings begin anew then. */
function clearedSeq({ rows }: ConversationState): number {
  return (
    rows.findLast((row) => row.kind === 'direction' && row.what.type === 'conversation.cleared')?.seq ?? 0
  )
}

export function useLedger(state: ConversationState) {
  return useFresh(ledgerQuery(state.id, clearedSeq(state)), messageCount(state) + state.bondSeq)
}

export function peopleOf({ participants }: ConversationState): readonly string[] {
  return participants.filter(({ present }) => present).map(({ id }) => id)
}

export const shortOf = (state: ConversationState) => (id: string) =>
  state.participants.find((each) => each.id === id)?.short ?? id
