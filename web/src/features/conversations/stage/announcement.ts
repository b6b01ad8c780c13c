/** Decides what a screen reader is told of the talk. Pure. */
import type { ConversationState, Line } from '#live/state.ts'
import { announcer } from '#messages/announcer.ts'

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

function nameOf({ participants }: ConversationState, id: string | null | undefined): string | undefined {
  return participants.find((each) => each.id === id)?.name
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
    if (!line) return null
    const partner = nameOf(now, line.with?.participantId)
    const who = partner === undefined ? line.author.name : announcer.both(line.author.name, partner)
    const to = line.to?.flatMap((each) => nameOf(now, each) ?? [])
    return announcer.said(to ? announcer.aside(who, to) : who, plain(read(line.text)))
  }
  const turn = now.turns.at(-1)
  if (!turn || before.turns.some(({ messageId }) => messageId === turn.messageId)) return null
  const [name, partner] = [nameOf(now, turn.participantId), nameOf(now, turn.with)]
  if (name === undefined) return null
  return partner === undefined ? announcer.speaks(name) : announcer.speak(announcer.both(name, partner))
}
