/** Remembers the trees of finished messages, so that scrolling back does not lex them again. */
import type { Token } from 'marked'
import type { LazyLexer } from './lazyLexer.ts'
import { rough } from './tree.ts'

const KEPT = 400

/** Keeps the trees used last; the oldest goes first. */
export class LexedTexts {
  readonly #kept = new Map<string, readonly Token[]>()
  readonly #lexer: LazyLexer
  readonly #limit: number

  constructor(lexer: LazyLexer, limit: number = KEPT) {
    this.#lexer = lexer
    this.#limit = limit
  }

  get size(): number {
    return this.#kept.size
  }

  of(source: string): readonly Token[] {
    const lexer = this.#lexer.current()
    if (!lexer) return rough(source)
    const tokens = this.#kept.get(source) ?? lexer.whole(source)
    this.#kept.delete(source)
    this.#kept.set(source, tokens)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#limit) this.#kept.delete(oldest as string)
    return tokens
  }
}
