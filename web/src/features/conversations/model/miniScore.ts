/** A conversation drawn as a few bars: who was heard most in each stretch, and how much was said. */

export interface MiniBar {
  /** Place in the cast; −1 for anybody else. */
  readonly participant: number
  /** 0…1. */
  readonly height: number
}

const LONG_LINE_WORDS = 60

/** One bar for each message, or for equal stretches of messages when there are more than `most`. */
export function miniScore(
  participants: readonly number[],
  words: readonly number[],
  most: number,
): readonly MiniBar[] {
  const perBar = Math.max(1, Math.ceil(words.length / most))
  return Array.from({ length: Math.ceil(words.length / perBar) }, (_, bar) => {
    const said = new Map<number, number>()
    let sum = 0
    let count = 0
    for (let at = bar * perBar; at < Math.min(words.length, (bar + 1) * perBar); at += 1) {
      const who = participants[at] ?? -1
      said.set(who, (said.get(who) ?? 0) + (words[at] ?? 0))
      sum += words[at] ?? 0
      count += 1
    }
    const [participant] = [...said].reduce((a, b) => (b[1] > a[1] ? b : a))
    return { participant, height: Math.min(1, Math.log2(1 + sum / count) / Math.log2(1 + LONG_LINE_WORDS)) }
  })
}
