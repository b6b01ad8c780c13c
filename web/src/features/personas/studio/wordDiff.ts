/** What one text has that another has not, word by word. */

export interface Piece {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
}

/** Beyond so many words on one side the texts are told as gone and new. */
const MOST = 600

const wordsOf = (text: string) => text.match(/\S+\s*/g) ?? []

/** The longest common run of words kept, the rest gone or new. */
export function wordDiff(before: string, after: string): readonly Piece[] {
  const a = wordsOf(before)
  const b = wordsOf(after)
  if (a.length > MOST || b.length > MOST) return joined([...tell('gone', a), ...tell('new', b)])
  const common = table(a, b)
  const pieces: Piece[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]]
    if (one !== undefined && other !== undefined && one.trim() === other.trim()) {
      pieces.push({ kind: 'same', text: other })
      i += 1
      j += 1
    } else if (other === undefined || (one !== undefined && at(common, i + 1, j) >= at(common, i, j + 1))) {
      pieces.push({ kind: 'gone', text: one ?? '' })
      i += 1
    } else {
      pieces.push({ kind: 'new', text: other })
      j += 1
    }
  }
  return joined(pieces)
}

const tell = (kind: Piece['kind'], words: readonly string[]): Piece[] => words.map((text) => ({ kind, text }))

const at = (rows: readonly (readonly number[])[], i: number, j: number) => rows[i]?.[j] ?? 0

/** How many words two texts have in common from each pair of places on. */
function table(a: readonly string[], b: readonly string[]): number[][] {
  const rows = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = rows[i] ?? []
    for (let j = b.length - 1; j >= 0; j -= 1) {
      row[j] =
        a[i]?.trim() === b[j]?.trim()
          ? at(rows, i + 1, j + 1) + 1
          : Math.max(at(rows, i + 1, j), at(rows, i, j + 1))
    }
  }
  return rows
}

function joined(pieces: readonly Piece[]): readonly Piece[] {
  const found: Piece[] = []
  for (const piece of pieces) {
    const last = found.at(-1)
    if (last?.kind === piece.kind) found[found.length - 1] = { kind: last.kind, text: last.text + piece.text }
    else found.push(piece)
  }
  return found
}
