import { configure, screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { beforeEach, expect, test, vi } from 'vitest'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { said, turn } from '#testing/live/logs.ts'
import { withSizes } from '#testing/live/sizes.ts'
import { stageHouse } from '#testing/live/stageHouse.ts'

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 8_000 })
vi.setConfig({ testTimeout: 30_000 })
withServer()
withSizes()
beforeEach(() => sessionStorage.clear())

const CAST = ['philosopher', 'comedian'].map((slug) => ({
  id: `par_${slug}`,
  persona_id: `per_${slug}`,
  slug,
  name: `The ${slug}`,
  color: 'steel',
  mask: slug,
  provider: 'scripted',
  model: 'troupe',
  muted: false,
}))

test('what falls in the panel takes neither its other tabs nor the page along, and can be tried again', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const who = { participant_id: 'par_philosopher' }
  stageHouse(
    [
      ['conversation.created', { title: 'Tea?', topic: 'Tea?', participants: CAST }],
      ['conversation.started', {}],
      turn('a', who),
      said('a', 'Tea is a question.', who),
    ],
    { status: 'running', title: 'Tea?', topic: 'Tea?', participants: CAST },
  )
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
