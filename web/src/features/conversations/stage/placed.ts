/** The rows of the script with the note that something was said while the line was broken. Pure. */
import type { Away } from '#live/away.ts'
import type { Row } from '#live/state.ts'

export interface AwayNote {
  readonly kind: 'away'
  readonly id: 'away'
  readonly count: number
}

export type Placed = Row | AwayNote

export function placed(rows: readonly Row[], away: Away | null): readonly Placed[] {
  if (!away) return rows
  const after = away.afterRow === null ? -1 : rows.findIndex(({ id }) => id === away.afterRow)
  return rows.toSpliced(after + 1, 0, {
    kind: 'away',
    id: 'away',
    count: away.count,
  } as never) as readonly Placed[]
}
