/** Folds what is felt: reactions to messages, and what the cast feel for each other. */
import { type Fold, type Of, told } from './folding.ts'
import type { ConversationState } from './state.ts'

/** How often an emoji was given to a message, and how often by us. */
export interface Reacted {
  readonly count: number
  readonly mine: number
}

/** By message and emoji; also of messages whose beginning is not known here. */
export type Reactions = Readonly<Record<string, Readonly<Record<string, Reacted>>>>

/** What is known of the stalls besides their reactions. */
export interface InTheStalls {
  /** Where they were last asked something, wished or marked it. */
  readonly stallsSeq: number
  /** The name under which the log keeps what this viewer does. */
  readonly me: string
}

export const AT_FIRST: InTheStalls = { stallsSeq: 0, me: 'host' }

type State = ConversationState

function counted(reactions: Reactions, messageId: string, emoji: string, change: Reacted): Reactions {
  const before = reactions[messageId]?.[emoji] ?? { count: 0, mine: 0 }
  const after = { count: before.count + change.count, mine: before.mine + change.mine }
  return { ...reactions, [messageId]: { ...reactions[messageId], [emoji]: after } }
}

function react(sign: 1 | -1) {
  return (state: State, { body, actor }: Of<'reaction.added' | 'reaction.removed'>): State => {
    const mine = actor?.type === 'viewer' && (actor.id ?? 'host') === state.me ? sign : 0
    const change = { count: sign, mine }
    return { ...state, reactions: counted(state.reactions, body.message_id, body.emoji, change) }
  }
}

export const reactionAdded: Fold<'reaction.added'> = react(1)
export const reactionRemoved: Fold<'reaction.removed'> = react(-1)

/** Both together; a part of the log may take back what an older part has given. */
export function summed(older: Reactions, newer: Reactions): Reactions {
  let sum = older
  for (const [messageId, byEmoji] of Object.entries(newer)) {
    for (const [emoji, change] of Object.entries(byEmoji)) sum = counted(sum, messageId, emoji, change)
  }
  return sum
}

function warmed(state: State, messageId: string, delta: number): State {
  const index = state.notes.findLastIndex(({ id }) => id === messageId)
  const before = state.notes[index]
  if (!before) return state
  return { ...state, notes: state.notes.with(index, { ...before, warmth: (before.warmth ?? 0) + delta }) }
}

export const relationChanged: Fold<'relation.changed'> = (state, event) => {
  const { from, to, alliance, conflict, evidence, delta } = event.body
  const cited = typeof evidence === 'string' ? evidence : evidence.message_id
  let next = warmed(state, cited, delta)
  if (alliance || conflict) next = { ...next, bondSeq: event.seq }
  if (alliance) next = told(next, event, { type: 'alliance', from, to, formed: alliance === 'formed' })
  if (conflict === 'hostile') next = told(next, event, { type: 'hostile', from, to })
  return next
}
