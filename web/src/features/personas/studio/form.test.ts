import { expect, test } from 'vitest'
import { persona } from '#testing/fixtures.ts'
import { cardOf, draftOf, emptyDraft, faultsOf, forkOf } from './form.ts'

test('a card that goes through the form comes out as it was', () => {
  const { id, own, slug, ...card } = persona('comedian', {
    habits: ['one', 'two'],
    aliases: ['Coco'],
    relations: { poet: -0.4 },
    remembers: true,
  })
  expect(cardOf(draftOf({ slug, ...card }))).toEqual(card)
  expect([id, own]).toEqual(['per_comedian', false])
})

test('empty lines of a list say nothing, and an empty label is left to the house', () => {
  const card = cardOf({ ...emptyDraft('x'), name: ' Ada ', sample_lines: 'One.\n\n  Two. \n' })
  expect(card.sample_lines).toEqual(['One.', 'Two.'])
  expect(card.name).toBe('Ada')
  expect(card).not.toHaveProperty('short')
})

test('a fork has a name of its own and nobody else’s aliases', () => {
  const fork = forkOf(persona('comedian', { aliases: ['Coco'] }))
  expect(fork.name).toBe('Comedian Two')
  expect(cardOf(fork).aliases).toEqual([])
})

test('what is refused stands at its field, with its line', () => {
  const errors = [
    { path: 'persona.about', message: 'No such variable.' },
    { path: 'habits.1', message: 'Too long.' },
    { path: 'habits.2', message: 'Later.' },
    { path: 'traits.humour', message: 'Not shown here.' },
    { path: 'persona.business.eager.0', message: 'Empty.' },
  ]
  expect(faultsOf(errors)).toEqual({
    about: 'No such variable.',
    habits: 'Line 2: Too long.',
    eager: 'Line 1: Empty.',
  })
})
