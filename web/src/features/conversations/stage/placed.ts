/** The rows of the script as they are drawn: what was missed is noted, failures in a row are told once. Pure. */
import type { Away } from '#live/away.ts'
import type { Direction, Happening, Line, Row } from '#live/state.ts'

export interface AwayNote {
  readonly kind: 'away'
  readonly id: 'away'
  readonly count: number
}

export interface Failed extends Direction {
  readonly what: Extract<Happening, { type: 'turn.failed' }>
}

/** Turns that failed one after the other; it stands where the first of them did. */
export interface Failures {
  readonly kind: 'failures'
  readonly id: string
  readonly all: readonly [Failed, ...Failed[]]
}

export type Placed = Line | Direction | AwayNote | Failures

/** Turns that ended because of the house, not because of a provider. */
const BY_THE_HOUSE = new Set(['paused', 'stopped', 'skipped', 'cleared'])

function hasFailed(row: Row | AwayNote): row is Failed {
  return row.kind === 'direction' && row.what.type === 'turn.failed' && !BY_THE_HOUSE.has(row.what.code)
}

function gathered(rows: readonly (Row | AwayNote)[]): readonly Placed[] {
  if (!rows.some(hasFailed)) return rows
  const placed: Placed[] = []
  for (const row of rows) {
    const before = placed.at(-1)
    if (!hasFailed(row)) placed.push(row)
    else if (before?.kind === 'failures') placed[placed.length - 1] = { ...before, all: [...before.all, row] }
    else placed.push({ kind: 'failures', id: row.id, all: [row] })
  }
  return placed
}

export function placed(rows: readonly Row[], away: Away | null): readonly Placed[] {
  if (!away) return gathered(rows)
  const after = away.afterRow === null ? -1 : rows.findIndex(({ id }) => id === away.afterRow)
  const note: AwayNote = { kind: 'away', id: 'away', count: away.count }
  return gathered([...rows.slice(0, after + 1), note, ...rows.slice(after + 1)])
}
