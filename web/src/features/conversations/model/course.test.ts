import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Analytics } from '#lib/api/types.ts'
import { bands, emotionsIn, lineThrough, stepsOf, strongest } from './course.ts'

function analytics(count: number, part: Partial<Analytics> = {}): Analytics {
  const each = <T>(value: (index: number) => T) => Array.from({ length: count }, (_, index) => value(index))
  return {
    conversation_id: 'cnv_1',
    messages: count,
    words: count * 10,
    shares: ['ada', 'bruno'].map((participant_id) => ({ participant_id, messages: 0, words: 0, share: 0 })),
    phases: [],
    score: {
      seq: each(() => 3),
      participant: each((index) => index % 2),
      partner: each(() => -1),
      words: each(() => 10),
      warmth: each(() => 0),
      at: each((index) => (index === 0 ? 1_795_381_200_000 : 10_000)),
    },
    course: {
      cost: each(() => 0.01),
      sentiment: each((index) => (index % 3 === 0 ? null : 0.5)),
      energy: each(() => 0.7),
      emotion: each((index) => (index === 1 ? 'joy' : null)),
      acts: each(() => []),
      positions: [],
      topics: [],
    },
    ...part,
  }
}

test('every message is in one step, and the steps follow each other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), (count) => {
      const steps = stepsOf(analytics(count), 2)
      expect(steps.length).toBeLessThanOrEqual(36)
      expect(steps.reduce((sum, { first, last }) => sum + last - first + 1, 0)).toBe(count)
      for (const [index, { first }] of steps.entries()) expect(first).toBe((steps[index - 1]?.last ?? 0) + 1)
    }),
  )
})

test('a step tells shares, tempo, feeling and what was spent so far', () => {
  const [first, second] = stepsOf(analytics(12), 2, 2)
  expect(first).toMatchObject({ first: 1, last: 6, shares: [0.5, 0.5], sentiment: 0.5 })
  expect(first?.energy).toBeCloseTo(0.7)
  expect(first?.linesPerMinute).toBeCloseTo(6)
  expect(first?.cost).toBeCloseTo(0.06)
  expect(second?.cost).toBeCloseTo(0.12)
})

test('each of two has half of the line they say together', () => {
  const plain = analytics(3)
  const score = { ...plain.score, participant: [0, 0, 1], partner: [-1, 1, -1] }
  expect(stepsOf({ ...plain, score }, 2)[0]?.shares).toEqual([0.5, 0.5])
})

test('a step tells what was felt, and how each stood to the topic', () => {
  const plain = analytics(6)
  if (!plain.course) throw new Error('there is a course')
  const emotion = ['joy', null, 'joy', 'anger', null, null] as const
  const positions = [
    { seq: 3, participant_id: 'ada', value: 1 },
    { seq: 9, participant_id: 'ada', value: 0 },
    { seq: 12, participant_id: 'bruno', value: -1 },
  ]
  const steps = stepsOf({ ...plain, course: { ...plain.course, emotion: [...emotion], positions } }, 2, 2)
  expect(steps.map(strongest)).toEqual(['joy', 'anger'])
  expect(steps[0]?.emotions.joy).toBeCloseTo(2 / 3)
  expect(emotionsIn(steps)).toEqual(['joy', 'anger'])
  expect(steps.map(({ positions: each }) => each)).toEqual([
    [0.5, null],
    [null, -1],
  ])
})

test('points that stand alone are dots where they are to be joined', () => {
  const frame = { low: 0, high: 1, width: 20, height: 10 }
  expect(lineThrough([null, 0.5, null], frame, true)).toBe('M10.0 5.0h0')
  expect(lineThrough([0, null, 1], frame, true)).toBe('M0.0 10.0h0L20.0 0.0')
  expect(lineThrough([0, null, 1], frame)).toBe('M0.0 10.0M20.0 0.0')
})

test('where nothing is known of the course, nothing is told of it', () => {
  const { course: _, ...bare } = analytics(6)
  expect(stepsOf(bare, 2)[0]).toMatchObject({ sentiment: null, energy: null, cost: 0 })
  const alone = analytics(1)
  expect(stepsOf(alone, 2)[0]?.linesPerMinute).toBeNull()
})

test('what viewers said is nobody’s share', () => {
  const said = analytics(3)
  const steps = stepsOf({ ...said, score: { ...said.score, participant: [-1, -1, -1] } }, 2)
  expect(steps[0]?.shares).toEqual([0, 0])
})

test('a line breaks where a value is not known, and stays within its frame', () => {
  const frame = { low: 0, high: 1, width: 100, height: 40 }
  expect(lineThrough([0, 1, null, 7], frame)).toBe('M0.0 40.0L33.3 0.0M100.0 0.0')
  expect(lineThrough([], frame)).toBe('')
})

test('the bands of all fill the height', () => {
  const [one, other] = bands(stepsOf(analytics(12), 2), 100, 40)
  expect(one).toMatch(/^M0\.0 0\.0L/)
  expect(other).toMatch(/40\.0Z$/)
  expect(bands([], 100, 40)).toEqual([])
})
