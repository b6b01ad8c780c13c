/** A name that nobody has yet: the same with a number. Pure. */

/** As long as a name may be. */
const MOST = 60

export function numbered(name: string, taken: readonly string[]): string {
  const stem = name.replace(/ \d+$/, '')
  for (let number = 2; ; number += 1) {
    const tail = ` ${number}`
    const free = stem.slice(0, MOST - tail.length).trimEnd() + tail
    if (!taken.includes(free)) return free
  }
}
