import { expect, test } from 'vitest'
import { GEL_HUES } from './gels.ts'
import { faceOf, KIT, SHIELD, shapesOf } from './mask.ts'

const TROUPE = [
  'philosopher',
  'comedian',
  'scientist',
  'historian',
  'poet',
  'engineer',
  'skeptic',
  'diplomat',
  'child',
  'detective',
  'chef',
  'futurist',
]

test('no two of the house’s personas wear the same face', () => {
  expect(new Set(TROUPE.map((slug) => JSON.stringify(faceOf(slug)))).size).toBe(TROUPE.length)
})

test('one seed always draws one face, another seed another', () => {
  expect(faceOf('anna')).toEqual(faceOf('anna'))
  expect(new Set(['anna', 'boris', 'chloe', 'dmitri'].map((seed) => JSON.stringify(faceOf(seed)))).size).toBe(
    4,
  )
})

test('named parts win over the seed and unknown ones are ignored', () => {
  expect(faceOf('eyes:monocle, mouth:wry, extra:wings, hat:tall')).toMatchObject({
    eyes: 'monocle',
    mouth: 'wry',
  })
  expect(Object.keys(KIT.extra)).toContain(faceOf('extra:wings').extra)
  expect(faceOf('toString:valueOf').eyes in KIT.eyes).toBe(true)
})

test('every part of the kit can be drawn', () => {
  for (const parts of Object.values(KIT)) {
    for (const shapes of Object.values(parts))
      for (const shape of shapes) expect(shape.d).toMatch(/^M[-\d.\sa-zA-Z]+$/)
  }
  for (const slug of TROUPE) expect(shapesOf(slug).length).toBeGreaterThan(2)
})

test('the server draws from the same kit', async () => {
  const seeds = ['', 'ada', 'Zoë 🎭', 'eyes:monocle,mouth:wry', 'nose: hooked , extra:none,what:ever']
  const faces = (masks: readonly string[]) => Object.fromEntries(masks.map((mask) => [mask, faceOf(mask)]))
  const kit = {
    about: 'The mask kit for the server, written from web/src/design by its mask.test.ts (vitest -u).',
    shield: SHIELD,
    hues: GEL_HUES,
    parts: KIT,
    troupe: faces(TROUPE),
    drawn: faces(seeds),
  }
  await expect(`${JSON.stringify(kit, null, 1)}\n`).toMatchFileSnapshot(
    '../../../src/chimera/data/masks.json',
  )
})
