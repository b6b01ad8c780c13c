import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { conversation, PROVIDERS, provider } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'

withServer()

/** Records what is sent and answers with a conversation that is never found again. */
function created(): unknown[] {
  const bodies: unknown[] = []
  server.use(
    http.post(`${API}/conversations`, async ({ request }) => {
      bodies.push(await request.json())
      return HttpResponse.json(conversation('cnv_new'), { status: 201 })
    }),
    http.all(`${API}/conversations/*`, () =>
      HttpResponse.json({ code: 'not_found', detail: 'Gone.' }, { status: 404 }),
    ),
  )
  return bodies
}

test('a topic is enough: the house’s own cast plays it', async () => {
  const bodies = created()
  const { user, where } = visit('/new')
  await user.type(await screen.findByRole('textbox', { name: 'Topic' }), 'Tea or coffee?{Enter}')
  await screen.findByText('Nothing is playing here.')
  expect(where()).toBe('/c/cnv_new')
  expect(bodies).toEqual([
    {
      topic: 'Tea or coffee?',
      cast: [{ persona: 'philosopher' }, { persona: 'comedian' }, { persona: 'scientist' }],
      visibility: 'private',
      max_turns: 40,
    },
  ])
})

test('an empty topic is refused in place, and the field is where one goes on', async () => {
  const bodies = created()
  const { user } = visit('/new')
  await user.click(await screen.findByRole('button', { name: 'Start' }))
  const topic = screen.getByRole('textbox', { name: 'Topic' })
  expect(topic).toHaveAccessibleDescription(/Give them something to talk about/)
  await expect.poll(() => document.activeElement).toBe(topic)
  expect(bodies).toEqual([])
})

test('a persona is cast on the mind chosen for it', async () => {
  const bodies = created()
  const { user } = visit('/new?topic=Tea')
  const company = await screen.findByRole('list', { name: 'The company' })
  await user.click(await within(company).findByRole('button', { name: 'Cast The Poet' }))
  await user.click(within(company).getByRole('button', { name: 'Cast The Comedian' }))
  await user.click(screen.getByRole('button', { name: 'Mind of the Poet: Best available' }))
  await user.click(await screen.findByRole('option', { name: /qwen3:8b/ }))
  expect(screen.getByRole('button', { name: 'Mind of the Poet: qwen3:8b' })).toHaveTextContent(
    'Ollama · free, on this machine',
  )
  await user.click(screen.getByRole('button', { name: 'Start' }))
  await screen.findByText('Nothing is playing here.')
  expect(bodies).toMatchObject([
    {
      cast: [
        { persona: 'philosopher' },
        { persona: 'scientist' },
        { persona: 'poet', provider: 'ollama', model: 'qwen3:8b' },
      ],
    },
  ])
})

test('a ninth seat cannot be taken', async () => {
  const { user } = visit('/new?cast=philosopher,comedian,scientist,historian,poet,engineer,skeptic')
  await user.click(await screen.findByRole('button', { name: 'Cast The Diplomat' }))
  expect(screen.getByRole('button', { name: 'Cast The Child' })).toBeDisabled()
  expect(screen.getByText('All eight seats are taken.')).toBeVisible()
})

test('an opening can be taken', async () => {
  const { user } = visit('/new')
  await user.click(await screen.findByRole('button', { name: 'food' }))
  expect(screen.queryByRole('button', { name: 'Where does the time go?' })).not.toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'Tea or coffee?' }))
  expect(screen.getByRole('textbox', { name: 'Topic' })).toHaveValue('Tea or coffee?')
})

test('a refusal of the server is shown where it happened, and nothing typed is lost', async () => {
  server.use(
    http.post(`${API}/conversations`, () =>
      HttpResponse.json(
        { code: 'invalid_body', detail: 'The topic holds a NUL.', request_id: 'req_7' },
        { status: 422 },
      ),
    ),
  )
  const { user } = visit('/new?topic=Tea')
  await user.click(await screen.findByRole('button', { name: 'Start' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('The topic holds a NUL.')
  // Only what is our fault is worth a number.
  expect(screen.getByRole('alert')).not.toHaveTextContent('req_7')
  expect(screen.getByRole('textbox', { name: 'Topic' })).toHaveValue('Tea')
})

test.each([
  ['said where paid calls are stopped', false, 2],
  ['not said where they go on', true, 0],
] as const)(
  'that models which cost are held is %s, also where they are chosen',
  async (_what, paid, times) => {
    server.use(
      http.get(`${API}/providers`, () =>
        HttpResponse.json({
          items: [...PROVIDERS, provider('openai', { models: ['gpt'] })],
          next_cursor: null,
        }),
      ),
      http.get(`${API}/house`, () =>
        HttpResponse.json({
          paid_calls: paid,
          record_calls: false,
          budgets: { house_day: null, provider_day: {}, conversation_default: null },
        }),
      ),
    )
    const { user } = visit('/new')
    await user.click(
      (await screen.findAllByRole('button', { name: /^Mind of the Philosopher/ }))[0] as HTMLElement,
    )
    await screen.findByRole('dialog')
    await waitFor(() =>
      expect(screen.queryAllByText(/^Paid calls are stopped in this house/)).toHaveLength(times),
    )
  },
)
