import { fireEvent, screen, waitFor } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { COMPANY } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'

withServer()

test('a card whose name exists is taken in, and another name is offered', async () => {
  const [first] = COMPANY
  const told: unknown[] = []
  const fresh = { ...first, id: 'per_new', slug: `${first?.slug}-2` }
  server.use(
    http.post(`${API}/personas/import`, () =>
      HttpResponse.json({ persona: fresh, dropped: [] }, { status: 201 }),
    ),
    http.patch(`${API}/personas/per_new`, async ({ request }) => {
      told.push(await request.json())
      return HttpResponse.json(fresh)
    }),
  )
  const { user } = visit('/casting')
  await screen.findByRole('button', { name: 'Import' })
  await screen.findAllByText(first?.name ?? '')
  const card = new File(['{}'], 'card.json', { type: 'application/json' })
  await user.upload(screen.getByLabelText(/^A file with a persona/), card)
  // The notices ask for the pointer, which jsdom does not have.
  fireEvent.click(await screen.findByRole('button', { name: `Call the new one “${first?.name} 2”` }))
  await waitFor(() => expect(told).toEqual([{ name: `${first?.name} 2` }]))
})
