/** The blocks of a text, and the simple reading of it that needs no lexer. */
import type { Token } from 'marked'

export interface Blocks {
  readonly source: string
  /** The end of it that is still open. */
  readonly rest: string
  readonly closed: readonly Token[]
  readonly open: readonly Token[]
}

export const EMPTY: Blocks = { source: '', rest: '', closed: [], open: [] }

/** What `blocks.ts` does: it is large, and fetched when the first picture stands. */
export interface Lexer {
  /** The tree of a finished text. */
  readonly whole: (source: string) => readonly Token[]
  /** The blocks after `addition` was said. */
  readonly grow: (before: Blocks, addition: string) => Blocks
}

/** Paragraphs, their words as written: right for most of what is said, and readable for the rest. */
export function rough(source: string): readonly Token[] {
  return source
    .split(/\n{2,}/)
    .filter((raw) => raw.trim() !== '')
    .map((raw) => ({ type: 'text', raw, text: raw }) as Token)
}
