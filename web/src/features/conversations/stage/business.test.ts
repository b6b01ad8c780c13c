import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Persona } from '#lib/api/types.ts'
import type { View } from '#live/conversationStore.ts'
import { type ConversationState, type Participant, seated } from '#live/state.ts'
import { AT, created, fold, said, turn } from '#testing/live/logs.ts'
import { bidOf, doingOf, personaOf, phraseOf } from './business.ts'

const persona = {
  id: 'per_p',
  slug: 'poet',
  rhythm: 'slow',
  business: { listening: ['listens'], eager: ['burns'], chosen: ['rises'], thinking: ['hums', 'paces'] },
} as unknown as Persona
const poet = seated({ id: 'p', name: 'The Poet', persona_id: 'per_p' })
const quill = seated({ id: 'q', name: 'Quill' })
const NOW = Date.parse(AT)

function doing(
  state: ConversationState,
  who: Participant,
  change: Partial<{ speaking: boolean; now: number; view: Partial<View> }> = {},
) {
  const view = { state, viewers: null, nextTurnAt: null, typing: new Map(), ...change.view }
  return doingOf(who, who === poet ? persona : undefined, {
    view,
    speaking: change.speaking ?? false,
    now: change.now ?? NOW,
  })
}
const running = fold([created, ['conversation.started', {}]])
const bids = [
  { participant_id: 'p', value: 0.7, reason: 'r' },
  { participant_id: 'q', value: 0.2, reason: 's' },
]

test('who goes on with the line of another is in the light with them', () => {
  const both = fold([turn('a', { participant_id: 'q', bids, with: { participant_id: 'p' } })], running)
  expect(doing(both, poet)).toMatchObject({ light: 'chosen', phrase: 'rises', bid: null })
  expect(doing(both, poet, { speaking: true }).light).toBe('speaking')
  expect(doing(both, quill, { speaking: true }).light).toBe('speaking')
})

test('everybody sees the same phrase for the same message', () => {
  fc.assert(
    fc.property(fc.string(), (messageId) => {
      const phrase = phraseOf(persona, 'thinking', messageId, 'p')
      expect(['hums', 'paces']).toContain(phrase)
      expect(phraseOf(persona, 'thinking', messageId, 'p')).toBe(phrase)
    }),
  )
  expect(phraseOf(undefined, 'eager', 'm', 'p')).toBe('')
})

test('a participant’s persona is found by id or by slug', () => {
  expect(personaOf([persona], poet)).toBe(persona)
  expect(personaOf([persona], seated({ id: 'x', name: 'X', slug: 'poet' }))).toBe(persona)
  expect(personaOf([persona], quill)).toBeUndefined()
})

test('who speaks is lit, who has the floor rises and then thinks', () => {
  const state = fold([turn('a', { bids })], running)
  expect(doing(state, poet, { speaking: true })).toMatchObject({
    light: 'speaking',
    phrase: 'Speaking',
    bid: null,
  })
  expect(doing(state, poet)).toMatchObject({ light: 'chosen', phrase: 'rises', rhythm: 'slow', bid: null })
  expect(['hums', 'paces']).toContain(doing(state, poet, { now: NOW + 6_000 }).phrase)
  expect(doing(fold([turn('b', { participant_id: 'q' })], running), quill)).toMatchObject({
    phrase: 'About to speak',
    rhythm: 'even',
  })
})

test('a listener who wants to speak burns, another listens', () => {
  const state = fold([turn('a', { participant_id: 'q', bids })], running)
  expect(doing(state, poet)).toMatchObject({ light: 'eager', phrase: 'burns', bid: 0.7 })
  const calm = fold([turn('a', { participant_id: 'q', bids: [{ ...bids[0], value: 0.5 }] })], running)
  expect(doing(calm, poet)).toMatchObject({ light: 'resting', phrase: 'listens', bid: 0.5 })
  expect(doing(fold([said('m', 'x')], calm), poet).phrase).toBe('listens')
})

test('before any choice nobody has a wish', () => {
  expect(bidOf(running, 'p')).toBeNull()
  expect(doing(running, poet)).toMatchObject({ light: 'resting', bid: null })
})

test('somebody about to speak is shown a little earlier, and goes off by itself', () => {
  const typing = new Map([['p', { business: 'clears the throat', until: NOW + 10 }]])
  expect(doing(running, poet, { view: { typing } })).toMatchObject({
    light: 'chosen',
    phrase: 'clears the throat',
  })
  expect(doing(running, poet, { view: { typing }, now: NOW + 20 }).light).toBe('resting')
  const wordless = new Map([['p', { business: null, until: NOW + 10 }]])
  expect(doing(running, poet, { view: { typing: wordless } }).phrase).toBe('About to speak')
})

test('muted, waiting and ended people stand in the dark', () => {
  expect(doing(running, { ...poet, muted: true })).toMatchObject({ light: 'dark', phrase: 'Muted' })
  expect(doing(fold([['conversation.paused', {}]], running), poet)).toMatchObject({
    light: 'dark',
    phrase: 'Waiting',
  })
  expect(doing(fold([['conversation.ended', { because: 'lull' }]], running), poet)).toMatchObject({
    light: 'dark',
    phrase: '',
  })
})
