import { configure, fireEvent, screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { beforeEach, expect, test, vi } from 'vitest'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { type Said, said, turn } from '#testing/live/logs.ts'
import { seat } from '#testing/live/seats.ts'
import { withSizes } from '#testing/live/sizes.ts'
import { stageHouse } from '#testing/live/stageHouse.ts'

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 8_000 })
vi.setConfig({ testTimeout: 30_000 })
withServer()
withSizes()
beforeEach(() => sessionStorage.clear())

const AT = '2026-11-22T21:00:00.000Z'
const CAST = [seat('philosopher'), seat('comedian')]
const who = { participant_id: 'par_philosopher' }
const running = { status: 'running', title: 'Tea?', topic: 'Tea?', participants: CAST } as const
const begun: Said[] = [
  ['conversation.created', { title: 'Tea?', topic: 'Tea?', participants: CAST }],
  ['conversation.started', {}],
  turn('a', who),
  said('a', 'Tea is a question.', who),
]

test('what falls in the panel takes neither its other tabs nor the page along, and can be tried again', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  stageHouse(begun, running)
  // Of another shape than was agreed on: whoever draws it falls.
  let items: readonly unknown[] = [null]
  server.use(
    http.get(`${API}/conversations/cnv_1/notes`, () => HttpResponse.json({ items, next_cursor: null })),
  )
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByRole('tab', { name: 'Memory' }))
  const side = within(screen.getByRole('complementary', { name: 'About this conversation' }))
  expect(await side.findByText('Something fell in the wings.')).toBeVisible()
  expect(screen.getByText('Tea is a question.')).toBeVisible()
  await user.click(side.getByRole('tab', { name: 'Now' }))
  expect(side.getByText('Share of the talk')).toBeVisible()
  items = []
  await user.click(side.getByRole('tab', { name: 'Memory' }))
  await user.click(await side.findByRole('button', { name: 'Try again' }))
  expect(await side.findByText(/Nothing is remembered yet/)).toBeVisible()
  expect(told).toHaveBeenCalled()
})

test('the relations are shown as they were at the line that is looked at, until the hand goes elsewhere', async () => {
  const second = { participant_id: 'par_comedian' }
  stageHouse([...begun, turn('b', second), said('b', 'So is rain.', second)], running)
  const change = (seq: number, from: string, to: string, evidence: string, affinity: number) => ({
    ...{ seq, at: AT, from, to, affinity, delta: 0.2, evidence },
  })
  const [one, other] = [who.participant_id, second.participant_id]
  server.use(
    http.get(`${API}/conversations/cnv_1/relations`, () =>
      HttpResponse.json({
        conversation_id: 'cnv_1',
        ties: [],
        pairs: [],
        camps: [],
        balance: 1,
        history: [change(5, other, one, 'a', 0.3), change(7, one, other, 'b', 0.4)],
        next_cursor: null,
      }),
    ),
  )
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByRole('tab', { name: 'Relations' }))
  const time = await screen.findByRole('slider', { name: 'Moment' })
  expect(time).toHaveAttribute('aria-valuetext', 'now')
  const score = screen.getByRole('slider', { name: 'Score' })
  fireEvent.keyDown(score, { key: 'Home' })
  expect(time.getAttribute('aria-valuetext')).toMatch(/^1 of 2/)
  fireEvent.change(time, { target: { value: '0' } })
  expect(time).toHaveAttribute('aria-valuetext', 'the beginning')
  fireEvent.keyDown(score, { key: 'End' })
  expect(time).toHaveAttribute('aria-valuetext', 'now')
})

test.each([
  [{ probability: 0.62, auc_low: 0.58, votes: 240 }, 'after twelve turns, by 240 votes'],
  [{ because: 'not_enough_votes', votes: 12, needed: 50 }, 'not enough votes yet: 12 of 50'],
  [{ because: 'too_early', votes: 90, needed: 50 }, 'foretold after twelve turns'],
])('whether it will please is foretold only where that is honest: %j', async (prediction, words) => {
  stageHouse(begun, running)
  server.use(
    http.get(`${API}/conversations/cnv_1/quality`, () =>
      HttpResponse.json({ conversation_id: 'cnv_1', history: [], next_cursor: null, prediction }),
    ),
  )
  visit('/c/cnv_1')
  expect(await screen.findByText(words)).toBeVisible()
  expect(screen.queryAllByText('62%')).toHaveLength('probability' in prediction ? 1 : 0)
})
