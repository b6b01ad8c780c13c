/** What a problem says is wrong; apart from it, since the stage does without. */
import type { Problem } from './problem.ts'

/** Each thing once: the problem itself often says what its only field says. */
export function reasonsOf({ message, errors }: Problem): readonly string[] {
  return [...new Set([message, ...errors.map((each) => each.message)])]
}
