/** Reads the log of a conversation over HTTP, page by page. */
import type { Envelope } from './events.ts'
import type { WireConversation } from './opening.ts'

export interface Source {
  /** Null when there is no such conversation for us. */
  conversation(id: string): Promise<WireConversation | null>
  events(id: string, after: number, limit: number): Promise<readonly Envelope[]>
}

/** One page of the log; also how far back an opening looks. */
export const PAGE = 200

/** Every event after `after`, up to the head of the log. */
export async function readOn(source: Source, id: string, after: number): Promise<readonly Envelope[]> {
  const all: Envelope[] = []
  let last = after
  for (;;) {
    const page = await source.events(id, last, PAGE)
    all.push(...page)
    const end = page.at(-1)
    if (!end || page.length < PAGE) return all
    last = end.seq
  }
}
