/** Keeps the blocks of texts that are still growing, each grown by what is new alone. */
import type { LazyLexer } from './lazyLexer.ts'
import { type Blocks, EMPTY, type Lexer, rough } from './tree.ts'

/** So much of the end must match for a text to count as the same one, only longer. */
const TAIL = 24

function continues(text: string, before: string): boolean {
  if (text.length < before.length) return false
  const from = Math.max(0, before.length - TAIL)
  return text.slice(from, before.length) === before.slice(from)
}

interface Kept {
  readonly blocks: Blocks
  /** Null where it was read roughly: then it is read anew when the lexer comes. */
  readonly by: Lexer | null
}

const NOTHING: Kept = { blocks: EMPTY, by: null }

export class GrowingTexts {
  readonly #kept = new Map<string, Kept>()
  readonly #lexer: LazyLexer

  constructor(lexer: LazyLexer) {
    this.#lexer = lexer
  }

  /** The blocks of a text by its key: the same object as long as text and lexer are the same. */
  of(key: string, text: string): Blocks {
    if (text === '') return EMPTY
    const lexer = this.#lexer.current()
    const { blocks: before, by } = this.#kept.get(key) ?? NOTHING
    if (by === lexer && before.source === text) return before
    const blocks = lexer ? this.#grown(lexer, by === lexer ? before : EMPTY, text) : readRoughly(text)
    this.#kept.set(key, { blocks, by: lexer })
    return blocks
  }

  forget(key: string): void {
    this.#kept.delete(key)
  }

  #grown(lexer: Lexer, before: Blocks, text: string): Blocks {
    const base = continues(text, before.source) ? before : EMPTY
    return lexer.grow(base, text.slice(base.source.length))
  }
}

function readRoughly(source: string): Blocks {
  return { source, rest: source, closed: [], open: rough(source) }
}
