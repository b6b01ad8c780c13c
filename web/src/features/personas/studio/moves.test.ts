import { expect, test } from 'vitest'
import { persona } from '#testing/fixtures.ts'
import { movesOf } from './moves.ts'

const BEFORE = persona('ada', { relations: { poet: 0.3, child: 0.1 } })

test('nothing moved, nothing told', () => {
  expect(movesOf(BEFORE, persona('ada', { relations: { child: 0.1, poet: 0.3 } }))).toEqual([])
})

test('everything besides words is told', () => {
  const after = persona('ada', {
    traits: { ...BEFORE.traits, humour: 0.9, sens: 0.2, cps: 6 },
    rhythm: 'slow',
    relations: { poet: -0.6, child: 0.1, chef: 0.5 },
    remembers: true,
    color: 'rose',
    mask: 'x',
  })
  expect(movesOf(BEFORE, after)).toEqual([
    'Humour 50 → 90',
    'Feels the audience – → 20',
    'Typing 4.3 → 6',
    'Rhythm of what it does Even → Slow breaths',
    'poet 0.3 → -0.6',
    'chef – → 0.5',
    'Remembers earlier shows off → on',
    'Gel steel → rose',
    'Mask and gel',
  ])
})
