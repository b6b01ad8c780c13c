/** What is counted of a conversation: who said how much of it, and how much was said. */
import type { ConversationState } from './state.ts'

/** The share of each participant in all words spoken so far, in the order they are seated. */
export function shares({
  notes,
  participants,
}: ConversationState): readonly { readonly id: string; readonly share: number }[] {
  const wordsOf = (id: string) =>
    notes.reduce((sum, { participantId, with: partner, words }) => {
      if (id !== participantId && id !== partner) return sum
      return sum + (partner === null ? words : words / 2)
    }, 0)
  const spoken = participants.map(({ id, present }) => ({ id, present, count: wordsOf(id) }))
  const total = Math.max(
    1,
    spoken.reduce((sum, { count }) => sum + count, 0),
  )
  return spoken
    .filter(({ present, count }) => present || count > 0)
    .map(({ id, count }) => ({ id, share: count / total }))
}

export function messageCount(state: ConversationState): number {
  return state.earlier + state.notes.length
}
