import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, applyDelta, type Drafts, fromSnapshot, NO_DRAFTS, withdraw } from './drafts.ts'
import type { Delta } from './protocol.ts'

const delta = (offset: number, text: string, generation = 1, message_id = 'm'): Delta => ({
  message_id,
  participant_id: 'p',
  generation,
  offset,
  text,
})
const textOf = (drafts: Drafts, id = 'm') => drafts.byMessage.get(id)?.text

/** A text cut into deltas, as the server cuts it: never inside a code point. */
const spoken = fc
  .array(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 30 })
  .map((pieces) => {
    let offset = 0
    return {
      final: pieces.join(''),
      deltas: pieces.map((text) => {
        const piece = delta(offset, text)
        offset += text.length
        return piece
      }),
    }
  })

test('under loss, repetition and reordering the draft is always a prefix of what was written', () => {
  fc.assert(
    fc.property(spoken, fc.array(fc.nat(), { maxLength: 90 }), ({ final, deltas }, arrivals) => {
      let drafts = NO_DRAFTS
      for (const arrival of arrivals) {
        drafts = applyDelta(drafts, deltas[arrival % deltas.length] as Delta).drafts
        expect(final.startsWith(textOf(drafts) ?? '')).toBe(true)
      }
    }),
  )
})

test('repeated deltas in order give the whole text and never ask for help', () => {
  fc.assert(
    fc.property(spoken, ({ final, deltas }) => {
      let drafts = NO_DRAFTS
      for (const piece of deltas.flatMap((each) => [each, each])) {
        const { drafts: next, lost } = applyDelta(drafts, piece)
        expect(lost).toBe(false)
        drafts = next
      }
      expect(textOf(drafts)).toBe(final)
    }),
  )
})

test('an overlap is cut in UTF-16 code units', () => {
  const { drafts } = applyDelta(applyDelta(NO_DRAFTS, delta(0, '🎭 a')).drafts, delta(2, ' ab'))
  expect(textOf(drafts)).toBe('🎭 ab')
})

test('a piece beyond the end changes nothing and is reported as lost', () => {
  const before = applyDelta(NO_DRAFTS, delta(0, 'ab')).drafts
  const { drafts, lost } = applyDelta(before, delta(3, 'd'))
  expect(lost).toBe(true)
  expect(textOf(drafts)).toBe('ab')
  expect(applyDelta(NO_DRAFTS, delta(1, 'b')).lost).toBe(true)
})

test('a repeated piece gives the very same drafts, so that nothing is drawn again', () => {
  const before = applyDelta(NO_DRAFTS, delta(0, 'ab')).drafts
  expect(applyDelta(before, delta(0, 'a')).drafts).toBe(before)
})

test('an older generation is dropped, a newer one forgets what came before it', () => {
  const before = applyDelta(NO_DRAFTS, delta(0, 'new', 5)).drafts
  expect(applyDelta(before, delta(3, ' old', 4)).drafts).toBe(before)
  const after = applyDelta(before, delta(0, 'newer', 6, 'n')).drafts
  expect([...after.byMessage.keys()]).toEqual(['n'])
  expect(advance(after, 6)).toBe(after)
})

test('several messages of one generation grow beside each other', () => {
  const drafts = applyDelta(applyDelta(NO_DRAFTS, delta(0, 'a')).drafts, delta(0, 'b', 1, 'n')).drafts
  expect([textOf(drafts), textOf(drafts, 'n')]).toEqual(['a', 'b'])
})

test('a withdrawn draft is gone; an unknown one changes nothing', () => {
  const before = applyDelta(NO_DRAFTS, delta(0, 'ab')).drafts
  expect(withdraw(before, 'm').byMessage.size).toBe(0)
  expect(withdraw(before, 'other')).toBe(before)
})

test('a snapshot replaces every draft, unless its own is older than what was seen', () => {
  const before = applyDelta(NO_DRAFTS, delta(0, 'ab', 3)).drafts
  const wire = { message_id: 'n', participant_id: 'p', generation: 3, text: 'whole' }
  expect(textOf(fromSnapshot(before, 3, wire), 'n')).toBe('whole')
  expect(fromSnapshot(before, 3, wire).byMessage.size).toBe(1)
  expect(fromSnapshot(before, 3, null).byMessage.size).toBe(0)
  expect(fromSnapshot(before, 2, { ...wire, generation: 2 })).toEqual({ generation: 3, byMessage: new Map() })
})
