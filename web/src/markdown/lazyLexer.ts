/** The lexer, once it is there: what is said until then is read roughly. */
import type { Lexer } from './tree.ts'

type Listener = () => void

export class LazyLexer {
  readonly #fetch: () => Promise<Lexer>
  readonly #listeners = new Set<Listener>()
  #lexer: Lexer | null = null
  #asked = false

  constructor(fetch: () => Promise<Lexer>) {
    this.#fetch = fetch
  }

  current = (): Lexer | null => this.#lexer

  subscribe = (listener: Listener): Listener => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Fetches it, once; a fetch that failed is made again by whoever asks next. */
  async want(): Promise<void> {
    if (this.#asked) return
    this.#asked = true
    try {
      this.#lexer = await this.#fetch()
    } catch {
      this.#asked = false
    }
    for (const listener of this.#listeners) listener()
  }
}
