import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FRAME, HEIGHT, LOWER_TOP, scalesOf } from './course.ts'

const look = fc.record({
  judged: fc.integer({ min: 1, max: 5000 }),
  difference: fc.double({ min: -1, max: 1, noNaN: true }),
  lambda: fc.double({ min: 0, max: 1e12, noNaN: true }),
})

test('every look is inside its panel, however strong the evidence', () => {
  fc.assert(
    fc.property(fc.array(look, { minLength: 1, maxLength: 20 }), (course) => {
      const { x, up, down } = scalesOf(course, 20, 640)
      for (const { judged, difference, lambda } of course) {
        expect(x(judged)).toBeGreaterThanOrEqual(FRAME.left)
        expect(x(judged)).toBeLessThanOrEqual(640 - FRAME.right)
        expect(up(difference)).toBeGreaterThanOrEqual(FRAME.top - 1e-9)
        expect(up(difference)).toBeLessThanOrEqual(FRAME.top + FRAME.upper + 1e-9)
        expect(down(lambda)).toBeGreaterThanOrEqual(LOWER_TOP - 1e-9)
        expect(down(lambda)).toBeLessThanOrEqual(HEIGHT - FRAME.foot + 1e-9)
      }
    }),
  )
})

test('more is higher, and the mark of a decision is in the picture', () => {
  const { up, down, reach } = scalesOf([{ judged: 10, difference: 0.07, lambda: 3 }], 20, 640)
  expect(reach).toBe(0.1)
  expect(up(0.05)).toBeLessThan(up(-0.05))
  expect(down(20)).toBeLessThan(down(1))
  expect(down(20)).toBeGreaterThan(LOWER_TOP)
})
