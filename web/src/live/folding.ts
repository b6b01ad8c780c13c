/** What every fold of an event needs: its types and the telling of stage directions. */
import type { EventType, KnownEnvelope } from './events.ts'
import type { ConversationState, Happening, Row } from './state.ts'

export type Of<T extends EventType> = Extract<KnownEnvelope, { type: T }>
export type Fold<T extends EventType> = (state: ConversationState, event: Of<T>) => ConversationState

interface Moment {
  readonly seq: number
  readonly at: string
}

export function tell(rows: readonly Row[], { seq, at }: Moment, what: Happening): readonly Row[] {
  return [...rows, { kind: 'direction', id: `direction-${seq}-${what.type}`, seq, at, what }]
}

export function told(state: ConversationState, event: Moment, what: Happening): ConversationState {
  return { ...state, rows: tell(state.rows, event, what) }
}
