import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitted, LONGEST_SIDE, MOST_PICTURES, taken } from './pictures.ts'

test('a picture keeps its shape and never grows', () => {
  const side = fc.integer({ min: 1, max: 20_000 })
  fc.assert(
    fc.property(side, side, (width, height) => {
      const sent = fitted({ width, height })
      const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height))
      for (const [got, whole] of [
        [sent.width, width],
        [sent.height, height],
      ] as const) {
        expect(got).toBeGreaterThanOrEqual(1)
        expect(got).toBeLessThanOrEqual(Math.min(whole, LONGEST_SIDE))
        expect(got === 1 || Math.abs(got - whole * scale) <= 0.5).toBe(true)
      }
    }),
  )
  expect(fitted({ width: 640, height: 480 })).toEqual({ width: 640, height: 480 })
  expect(fitted({ width: 3136, height: 1568 })).toEqual({ width: 1568, height: 784 })
})

test('four pictures at most, and nothing that is none', () => {
  const png = { type: 'image/png' }
  expect(taken([png, { type: 'application/pdf' }], 0)).toEqual({ files: [png], left: 'type' })
  expect(taken([{ type: 'image/svg+xml' }], 0)).toEqual({ files: [], left: 'type' })
  expect(taken([png, png, png], 2)).toEqual({ files: [png, png], left: 'count' })
  expect(taken([png], MOST_PICTURES)).toEqual({ files: [], left: 'count' })
  expect(taken([png], 3)).toEqual({ files: [png], left: null })
})
