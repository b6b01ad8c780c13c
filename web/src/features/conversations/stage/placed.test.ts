import { expect, test } from 'vitest'
import { created, fold, type Said, said, turn } from '#testing/live/logs.ts'
import { placed } from './placed.ts'

const failed = (messageId: string, code: string): Said => [
  'turn.failed',
  { turn_id: `t${messageId}`, message_id: messageId, participant_id: 'p', code, retryable: true },
]
const finished = fold([created, turn('a'), said('a', 'It *resolves*.')])

test('the note of what was missed stands where the viewer left off', () => {
  const { rows } = finished
  const ids = (away: Parameters<typeof placed>[1]) => placed(rows, away).map(({ id }) => id)
  expect(placed(rows, null)).toBe(rows)
  expect(ids({ afterRow: 'a', count: 2 })).toEqual(['a', 'away'])
  expect(ids({ afterRow: null, count: 2 })).toEqual(['away', 'a'])
  expect(ids({ afterRow: 'gone', count: 2 })).toEqual(['away', 'a'])
})

test('failures in a row are told once, where the first of them stands', () => {
  const down = fold(
    [turn('b'), failed('b', 'provider_down'), turn('c'), failed('c', 'provider_slow')],
    finished,
  )
  const [line, failures] = placed(down.rows, null)
  expect(line).toMatchObject({ kind: 'line', id: 'a' })
  expect(failures).toMatchObject({ kind: 'failures', id: down.rows[1]?.id })
  expect(failures?.kind === 'failures' && failures.all.map(({ what }) => what.code)).toEqual([
    'provider_down',
    'provider_slow',
  ])
  const up = fold([turn('d'), said('d', 'Well.'), turn('e'), failed('e', 'provider_down')], down)
  expect(placed(up.rows, null).map(({ kind }) => kind)).toEqual(['line', 'failures', 'line', 'failures'])
})

test('a turn that the house took back is no failure', () => {
  const skipped = fold([turn('b'), failed('b', 'skipped')], finished)
  expect(placed(skipped.rows, null)).toBe(skipped.rows)
})
