import { describe, expect, test } from 'vitest'
import { match, nameOf, spell } from './keys.ts'

const press = (
  key: string,
  held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
})

test.each([
  [press('k', { ctrlKey: true }), 'mod+k'],
  [press('k', { metaKey: true }), 'mod+k'],
  [press('?', { shiftKey: true }), '?'],
  [press(' '), 'space'],
  [press(' ', { shiftKey: true }), 'shift+space'],
  [press('G', { shiftKey: true }), 'shift+g'],
  [press('Escape'), 'escape'],
])('%j is named %s', (pressed, name) => {
  expect(nameOf(pressed)).toBe(name)
})

describe('matching', () => {
  const actions = [{ id: 'live', keys: ['g l'] }, { id: 'back', keys: ['l'] }, { id: 'silent' }]

  test('a pair needs both keys, one after the other', () => {
    const first = match(actions, '', 'g')
    expect(first).toEqual({ hit: null, pending: 'g' })
    expect(match(actions, first.pending, 'l').hit).toBe(actions[0])
  })

  test('a key alone is not taken for the end of a pair', () => {
    expect(match(actions, '', 'l').hit).toBe(actions[1])
  })

  test('a pair that means nothing is forgotten, its second key still counts', () => {
    expect(match([{ keys: ['g x'] }, { keys: ['t'] }], 'g', 't').hit).toEqual({ keys: ['t'] })
    expect(match(actions, 'g', 'q')).toEqual({ hit: null, pending: '' })
  })
})

test.each([
  ['mod+k', true, '⌘K'],
  ['mod+k', false, 'Ctrl+K'],
  ['g l', false, 'G then L'],
  ['shift+space', false, 'Shift+Space'],
])('%s is spelled for people', (keys, mac, said) => {
  expect(spell(keys, mac)).toBe(said)
})
