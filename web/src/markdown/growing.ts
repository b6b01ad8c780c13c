/** Keeps the blocks of texts that are still growing, each grown by what is new alone. */
import { type Blocks, EMPTY, grow } from './blocks.ts'

/** So much of the end must match for a text to count as the same one, only longer. */
const TAIL = 24

function continues(text: string, before: string): boolean {
  if (text.length < before.length) return false
  const from = Math.max(0, before.length - TAIL)
  return text.slice(from, before.length) === before.slice(from)
}

export class GrowingTexts {
  readonly #blocks = new Map<string, Blocks>()

  /** The blocks of a text by its key: the same object as long as the text is the same. */
  of(key: string, text: string): Blocks {
    const before = this.#blocks.get(key) ?? EMPTY
    if (before.source === text) return before
    const base = continues(text, before.source) ? before : EMPTY
    const after = grow(base, text.slice(base.source.length))
    this.#blocks.set(key, after)
    return after
  }

  forget(key: string): void {
    this.#blocks.delete(key)
  }
}
