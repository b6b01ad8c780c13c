import fc from 'fast-check'
import { expect, test } from 'vitest'
import { outlineOf, places, strokes } from './graph.ts'
import type { Pair } from './ledger.ts'

const FRAME = { width: 292, height: 230, room: 24 }
const cast = (size: number) => Array.from({ length: size }, (_, index) => `p${index}`)

function pair(there: number, back: number): Pair {
  return {
    id: 'p0+p1',
    there: { from: 'p0', to: 'p1', affinity: there },
    back: { from: 'p1', to: 'p0', affinity: back },
    allied: false,
    conflict: 'banter',
    strength: 0,
  }
}

test('every mask has a place of its own, inside the frame and clear of the others', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), (size) => {
      const at = [...places(cast(size), [], FRAME).values()]
      for (const [index, one] of at.entries()) {
        expect(one.x).toBeGreaterThan(20)
        expect(one.x).toBeLessThan(FRAME.width - 20)
        expect(one.y).toBeGreaterThan(20)
        expect(one.y).toBeLessThan(FRAME.height - 20)
        for (const other of at.slice(index + 1)) {
          expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(50)
        }
      }
    }),
  )
})

test('who stand together stand side by side', () => {
  const at = places(
    cast(4),
    [
      ['p0', 'p2'],
      ['p1', 'p3'],
    ],
    FRAME,
  )
  expect([...at.keys()]).toEqual(['p0', 'p2', 'p1', 'p3'])
})

test('both ways of a pair are strokes of their own, as broad as what is felt', () => {
  const at = places(cast(2), [], FRAME)
  const [liked, disliked] = strokes(pair(0.8, -0.3), at, FRAME.room)
  expect([liked?.kind, disliked?.kind]).toEqual(['likes', 'dislikes'])
  expect(liked?.width).toBeGreaterThan(disliked?.width ?? 9)
  expect(liked?.path).not.toBe(disliked?.path)
})

test('where hardly anything is felt there is one thin line without a direction', () => {
  const at = places(cast(2), [], FRAME)
  expect(strokes(pair(0.1, -0.1), at, FRAME.room)).toMatchObject([{ kind: 'slight', head: '', width: 1 }])
  expect(strokes(pair(0.5, 0.1), at, FRAME.room)).toHaveLength(1)
  expect(strokes(pair(0.5, 0.5), new Map(), FRAME.room)).toEqual([])
})

test('an outline goes round everybody of a side, also round one alone', () => {
  const at = places(cast(3), [], FRAME)
  expect(outlineOf(['p0', 'p1'], at).match(/L/g)).toHaveLength(1)
  expect(outlineOf(['p0'], at)).toMatch(/^M.+L.+Z$/)
  expect(outlineOf([], at)).toBe('')
})
