/** Asks for news every few seconds while the line is broken, so that finished messages still arrive. */

export interface FallbackParts {
  /** Whether the line is broken now. */
  broken(): boolean
  ask(): Promise<unknown>
  later(run: () => void, ms: number): () => void
}

const EVERY_MS = 5_000

export class Fallback {
  readonly #parts: FallbackParts
  #cancel: (() => void) | null = null

  constructor(parts: FallbackParts) {
    this.#parts = parts
  }

  /** Begins to ask if the line is broken; asks on until it is whole again. */
  check(): void {
    if (this.#cancel || !this.#parts.broken()) return
    this.#cancel = this.#parts.later(() => void this.#ask(), EVERY_MS)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  async #ask(): Promise<void> {
    const mine = this.#cancel
    if (this.#parts.broken()) await this.#parts.ask()
    // Stopped while it asked: somebody else began anew, or nobody wants to know any more.
    if (this.#cancel !== mine) return
    this.#cancel = null
    this.check()
  }
}
