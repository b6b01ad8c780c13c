import { expect, test } from 'vitest'
import type { Note } from '#live/state.ts'
import { AT, created, fold } from '#testing/live/logs.ts'
import { elapsedOf, spellTime, tempoOf } from './tempo.ts'

const NOW = Date.parse(AT)
const note = (secondsAgo: number, words = 10): Note => ({
  id: `m${secondsAgo}`,
  seq: 1,
  participantId: 'p',
  with: null,
  words,
  warmth: null,
  at: new Date(NOW - secondsAgo * 1000).toISOString(),
})

test('the tempo is that of the last five minutes', () => {
  const tempo = tempoOf([note(3_000, 90), note(120), note(90), note(60, 20), note(30), note(0)], NOW)
  expect(tempo).toMatchObject({ linesPerMinute: 2, wordsPerLine: 12 })
  expect(tempo?.line).toHaveLength(6)
})

test('when nothing was said lately, the last lines speak for themselves', () => {
  expect(tempoOf([note(3_060), note(3_030), note(3_000)], NOW)?.linesPerMinute).toBe(2)
})

test('two lines have no tempo, lines at once have a bounded one', () => {
  expect(tempoOf([note(30), note(0)], NOW)).toBeNull()
  expect(tempoOf([], NOW)).toBeNull()
  expect(tempoOf([note(0), note(0), note(0)], NOW)?.linesPerMinute).toBe(120)
})

test('time runs from the first curtain to the last, and stands while it is held', () => {
  const started = fold([created, ['conversation.started', {}]])
  expect(elapsedOf(fold([created]), NOW)).toBeNull()
  expect(elapsedOf(started, NOW + 5_000)).toBe(5_000)
  expect(elapsedOf(started, NOW - 5_000)).toBe(0)
  expect(elapsedOf(fold([['conversation.paused', {}]], started), NOW + 9_000)).toBe(0)
  expect(elapsedOf({ ...started, status: 'paused' }, NOW + 9_000)).toBe(9_000)
  expect(elapsedOf(fold([['conversation.ended', { because: 'lull' }]], started), NOW + 9_000)).toBe(0)
})

test('times are spelt as a clock does', () => {
  expect([0, 67_000, 2_292_000, 3_729_000].map(spellTime)).toEqual(['0:00', '1:07', '38:12', '1:02:09'])
})
