/** Decides what a screen reader is told of the talk. Pure. */
import type { ConversationState, Line } from '#live/state.ts'
import { stage } from '#messages/stage.ts'

export type Verbosity = 'off' | 'names' | 'full'

/** A token of the text, as far as it is heard. */
export interface Node {
  readonly type: string
  readonly text?: string
  readonly raw?: string
  readonly tokens?: readonly Node[]
  readonly items?: readonly Node[]
}

function words(node: Node): string {
  const inner = node.tokens ?? node.items
  if (inner) return inner.map(words).join(node.items ? '. ' : '')
  return node.type === 'html' ? '' : (node.text ?? node.raw ?? '')
}

/** The text of a message without its marks. */
export function plain(tree: readonly Node[]): string {
  return tree.map(words).join(' ').replace(/\s+/g, ' ').trim()
}

/** What is new between two states; `read` gives the tree of a text. Null when nothing is to be said. */
export function announcement(
  before: ConversationState,
  now: ConversationState,
  verbosity: Verbosity,
  read: (source: string) => readonly Node[],
): string | null {
  if (verbosity === 'off') return null
  if (verbosity === 'full' && now.notes.length > before.notes.length) {
    const id = now.notes.at(-1)?.id
    const line = now.rows.find((row): row is Line => row.kind === 'line' && row.id === id)
    return line ? stage.announceSaid(line.author.name, plain(read(line.text))) : null
  }
  const turn = now.turns.at(-1)
  if (!turn || before.turns.some(({ messageId }) => messageId === turn.messageId)) return null
  const name = now.participants.find(({ id }) => id === turn.participantId)?.name
  return name === undefined ? null : stage.announceSpeaks(name)
}
