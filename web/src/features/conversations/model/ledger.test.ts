import fc from 'fast-check'
import { expect, test } from 'vitest'
import { campsOf, type Ledger, momentsOf, pairId, passedAt, receipts, standing } from './ledger.ts'

const AT = '2026-11-22T21:00:00.000Z'
const PEOPLE = ['ada', 'bruno', 'cleo']

function change(seq: number, from: string, to: string, affinity: number, more: object = {}) {
  return { seq, at: AT, from, to, affinity, delta: 0.1, evidence: `msg_${seq}`, ...more }
}

const ledger = (history: Ledger['history'] = []): Ledger => ({
  ties: PEOPLE.flatMap((from) =>
    PEOPLE.filter((to) => to !== from).map((to) => ({ from, to, affinity: 0.9, start: 0.1 })),
  ),
  history,
})

const STORY = ledger([
  change(5, 'ada', 'bruno', 0.4),
  { ...change(6, 'bruno', 'ada', 0.5, { alliance: 'formed' }), evidence: 'msg_5' },
  change(9, 'ada', 'cleo', -0.5, { conflict: 'heated' }),
  change(12, 'bruno', 'ada', 0.1, { alliance: 'ended' }),
])

test('a moment has passed with the line that caused it, however long after it it is told', () => {
  const moments = momentsOf(STORY)
  const lines = [{ seq: 2 }, { seq: 4 }, { seq: 8 }, { seq: 11 }, { seq: 14 }]
  expect(lines.map(({ seq }) => passedAt(moments, lines, seq))).toEqual([0, 1, 2, 3, 3])
  expect(passedAt(moments, [], 1)).toBe(3)
})

test('before the first change everybody stands where they began', () => {
  for (const { there, back, allied, conflict } of standing(STORY, PEOPLE, 0)) {
    expect([there.affinity, back.affinity, allied, conflict]).toEqual([0.1, 0.1, false, 'banter'])
  }
})

test('an alliance holds from the change that formed it to the one that ended it', () => {
  const alliedAfter = (changes: number) =>
    standing(STORY, PEOPLE, changes).find(({ id }) => id === pairId('bruno', 'ada'))?.allied
  expect([0, 1, 2, 3, 4].map(alliedAfter)).toEqual([false, false, true, true, false])
})

test('what is plain to see comes first: quarrels, then alliances, then what is felt most', () => {
  expect(standing(STORY, PEOPLE, 3).map(({ id }) => id)).toEqual(['ada+bruno', 'ada+cleo', 'bruno+cleo'])
  expect(standing(STORY, PEOPLE).map(({ id }) => id)[0]).toBe('ada+cleo')
})

test('a moment is a message, with all the changes it made', () => {
  expect(momentsOf(STORY).map(({ evidence, changes }) => [evidence, changes])).toEqual([
    ['msg_5', 2],
    ['msg_9', 3],
    ['msg_12', 4],
  ])
  expect(momentsOf(ledger())).toEqual([])
})

test('receipts are those of the pair, up to the moment, the newest first', () => {
  expect(receipts(STORY, 3, pairId('ada', 'bruno')).map(({ seq }) => seq)).toEqual([6, 5])
  expect(receipts(STORY).map(({ seq }) => seq)).toEqual([12, 9, 6, 5])
})

test('two who like each other and dislike a third are two camps', () => {
  const both = (one: string, other: string, affinity: number) => [
    change(1, one, other, affinity),
    change(1, other, one, affinity),
  ]
  const divided = ledger([
    ...both('ada', 'bruno', 0.6),
    ...both('ada', 'cleo', -0.5),
    ...both('bruno', 'cleo', -0.6),
  ])
  expect(campsOf(PEOPLE, standing(divided, PEOPLE))).toEqual([['cleo'], ['ada', 'bruno']])
  expect(campsOf(PEOPLE, standing(ledger(), PEOPLE))).toEqual([])
})

test('camps hold everybody once, and never leave a side empty', () => {
  const affinity = fc.double({ min: -1, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.array(affinity, { minLength: 6, maxLength: 6 }), (felt) => {
      const all = PEOPLE.flatMap((from) =>
        PEOPLE.filter((to) => to !== from).map((to) => [from, to] as const),
      )
      const told = ledger(all.map(([from, to], index) => change(1, from, to, felt[index] ?? 0)))
      const camps = campsOf(PEOPLE, standing(told, PEOPLE))
      if (camps.length === 0) return
      expect(camps.flat().toSorted()).toEqual(PEOPLE)
      for (const side of camps) expect(side.length).toBeGreaterThan(0)
    }),
  )
})
