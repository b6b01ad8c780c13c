import { expect, test } from 'vitest'
import type { Envelope } from '#live/events.ts'
import { notesFor } from './story.ts'

const TURN = { participant_id: 'ada', turn_id: 't2', note: null }
const events = (...told: readonly (readonly [type: string, body: Readonly<Record<string, unknown>>])[]) =>
  told.map(
    ([type, body], index): Envelope => ({
      conversation_id: 'c',
      seq: index + 1,
      type,
      at: '2026-11-22T21:00:00.000Z',
      body,
    }),
  )

test('notes to the speaker and to all since their last turn are told, with what they are against', () => {
  const log = events(
    ['director.noted', { note: 'Long ago.' }],
    ['turn.started', { participant_id: 'ada', turn_id: 't1' }],
    ['director.noted', { note: 'Concede a point.', participant_id: 'ada', because: 'conflict' }],
    ['director.noted', { note: 'For Bruno alone.', participant_id: 'bruno' }],
    ['director.noted', { note: 'Be brief.' }],
    ['turn.started', { participant_id: 'ada', turn_id: 't2' }],
  )
  expect(notesFor(TURN, log)).toEqual([
    { note: 'Concede a point.', because: 'conflict' },
    { note: 'Be brief.', because: null },
  ])
})

test('the note of the turn itself is told once', () => {
  const own = { ...TURN, note: 'Be brief.' }
  expect(notesFor(own, [])).toEqual([{ note: 'Be brief.', because: null }])
  expect(notesFor(own, events(['director.noted', { note: 'Be brief.' }]))).toHaveLength(1)
})
