/** Judges what an arriving event means to a reader who has seen everything up to `last`. */

export type Verdict = 'next' | 'seen' | 'gap'

export function judge(last: number, seq: number): Verdict {
  if (seq <= last) return 'seen'
  return seq === last + 1 ? 'next' : 'gap'
}
