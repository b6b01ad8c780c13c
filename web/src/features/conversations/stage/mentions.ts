/** Finds the `@name` that is being written and completes it. Pure. */
import type { Participant } from '#live/state.ts'

export interface Mention {
  /** Where the `@` stands. */
  readonly from: number
  readonly to: number
  readonly query: string
}

export const MOST_CHARACTERS = 500

/** The mention the caret stands in; null when it stands in none. */
export function mentionAt(text: string, caret: number): Mention | null {
  const found = /(?:^|\s)@([\p{L}\p{N}'’-]*)$/u.exec(text.slice(0, caret))
  if (!found) return null
  const query = found[1] as string
  return { from: caret - query.length - 1, to: caret, query }
}

export function candidates(cast: readonly Participant[], query: string): readonly Participant[] {
  const wanted = query.toLocaleLowerCase()
  return cast.filter(({ present, short, name }) => {
    const names = [short, name, ...name.split(/\s+/)].map((each) => each.toLocaleLowerCase())
    return present && names.some((each) => each.startsWith(wanted))
  })
}

export interface Completed {
  readonly text: string
  readonly caret: number
}

export function complete(text: string, { from, to }: Mention, { short }: Participant): Completed {
  const rest = text.slice(to)
  const inserted = `@${short}${/^\s/.test(rest) ? '' : ' '}`
  return { text: text.slice(0, from) + inserted + rest, caret: from + inserted.length }
}

/** Characters as the server counts them: code points, not UTF-16 units. */
export function lengthOf(text: string): number {
  return [...text.trim()].length
}
