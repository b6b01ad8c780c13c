import { screen, waitFor } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { provider } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { HOUSE, KEY, OPENAI, office } from '#testing/office.ts'

withServer()

test('the short way to Admin leads there', async () => {
  office([])
  const { where } = visit('/admin')
  expect(await screen.findByRole('heading', { level: 1, name: 'Providers' })).toBeVisible()
  expect(where()).toBe('/admin/providers')
})

test('what is over its limit says so', async () => {
  office([], { today: { amount: 10.5, estimated: false } })
  visit('/admin/providers')
  expect(await screen.findByText('over the limit of $10.00')).toBeVisible()
  expect(screen.getByRole('meter')).toHaveClass('summary-over')
})

test('health is told in words: who failed how, and until when nobody asks', async () => {
  office([
    {
      ...OPENAI,
      state: 'ready',
      credential: KEY,
      breaker: 'open',
      breaker_until: '2026-11-22T10:00:00.000Z',
      health: {
        calls: 412,
        errors: 9,
        failures: { provider_slow: 5, odd_code: 4 },
        p50_ms: 420,
        p95_ms: 1130,
        tokens_per_s: 86.4,
        last_failure_at: '2026-11-22T09:59:00.000Z',
        last_failure: 'No first word.',
      },
    },
  ])
  visit('/admin/providers?open=openai')
  expect(await screen.findByText('too slow 5')).toBeVisible()
  expect(screen.getByText('odd_code 4')).toBeVisible()
  expect(screen.getByText(/^Resting after failures, until/)).toBeVisible()
  expect(screen.getByText(/^Open until/)).toBeVisible()
  expect(screen.getAllByText('420 ms / 1.1 s')).toHaveLength(2)
  expect(screen.getByText('86')).toBeVisible()
})

test('limits are sent as numbers, and only those that changed', async () => {
  const asked = office([{ ...OPENAI, state: 'ready', credential: KEY }])
  const { user } = visit('/admin/providers?open=openai')
  const field = await screen.findByLabelText('Requests a minute')
  await user.type(field, 'many')
  expect(screen.getByText('A whole number above nought.')).toBeVisible()
  await user.clear(field)
  await user.type(field, '60{Enter}')
  await waitFor(() => expect(asked).toEqual(['PATCH /providers/openai {"requests_per_minute":60}']))
})

test('budgets and switches are the house’s', async () => {
  const asked = office([{ ...OPENAI, state: 'ready', credential: KEY }])
  const { user } = visit('/admin/providers')
  const day = await screen.findByLabelText('OpenAI, a day')
  expect(screen.getByLabelText('The house, a day')).toHaveValue('10')
  await user.type(day, '2,50{Enter}')
  await waitFor(() =>
    expect(asked).toEqual([
      'PATCH /house {"budgets":{"house_day":10,"conversation_default":null,"provider_day":{"openai":2.5}}}',
    ]),
  )
  expect(await screen.findByText('Saved.')).toBeVisible()
  await user.click(screen.getByRole('checkbox', { name: 'Stop all paid calls' }))
  expect(await screen.findByText('Held: paid calls are stopped')).toBeVisible()
  await user.click(screen.getByRole('checkbox', { name: /^Record/ }))
  await waitFor(() =>
    expect(asked.slice(1)).toEqual([
      'PATCH /house {"paid_calls":false}',
      'PATCH /house {"record_calls":true}',
    ]),
  )
})

test('spending has a picture and, behind it, the same in figures', async () => {
  const day = new Date().toISOString().slice(0, 10)
  office([{ ...OPENAI, state: 'ready', credential: KEY }], {
    days: [{ day, provider: 'openai', amount: 1.5, calls: 3, tokens: 2_400, estimated: true }],
    conversations: [{ id: 'cnv_1', title: 'Tea or coffee?', amount: 1.5 }],
    today: { amount: 1.5, estimated: true },
  })
  const { user } = visit('/admin/providers')
  expect(await screen.findByRole('img', { name: '$1.50 in 30 days' })).toBeVisible()
  expect(screen.getByText('3 calls, 2.4K tokens')).toBeVisible()
  expect(screen.getByRole('link', { name: 'Tea or coffee?' })).toHaveAttribute('href', '/c/cnv_1')
  await user.click(screen.getByText('As a table'))
  expect(screen.getByRole('cell', { name: '≈ $1.50' })).toBeVisible()
  await user.click(screen.getByRole('radio', { name: '7 days' }))
  expect(await screen.findByRole('img', { name: '$1.50 in 7 days' })).toBeVisible()
})

test('what was found here can be used at once', async () => {
  office([provider('ollama', { title: 'Ollama', local: true, found: true, models: ['qwen3:8b'] })])
  const { user, where } = visit('/admin/providers')
  expect(await screen.findByText('Ollama is running here')).toBeVisible()
  await user.click(screen.getByRole('link', { name: 'Use it' }))
  expect(
    await screen.findByRole('button', { name: 'Mind of the Philosopher: Ollama, its usual model' }),
  ).toBeVisible()
  expect(where()).toBe('/new?mind=ollama')
})

test('a model is fetched to this machine, its progress is seen, and it can be stopped', async () => {
  const asked = office([
    provider('ollama', { title: 'Ollama', local: true, found: true, models: ['qwen3:8b'] }),
  ])
  let pulls: object[] = []
  server.use(
    http.get(`${API}/providers/ollama/pulls`, () => HttpResponse.json({ items: pulls, next_cursor: null })),
    http.post(`${API}/providers/ollama/pulls`, async ({ request }) => {
      asked.push(await request.text())
      pulls = [{ model: 'gemma3:12b', status: 'pulling', completed: 2e9, total: 8e9, over: false }]
      return HttpResponse.json(pulls[0], { status: 202 })
    }),
    http.delete(`${API}/providers/ollama/pulls/:model`, ({ params }) => {
      asked.push(`stop ${String(params.model)}`)
      pulls = []
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = visit('/admin/providers?open=ollama')
  await user.type(await screen.findByLabelText('Fetch a model'), 'gemma3:12b{Enter}')
  const meter = await screen.findByRole('meter', { name: 'How much of gemma3:12b is here' })
  expect(meter).toHaveAttribute('aria-valuenow', '25')
  expect(screen.getByText('2.0 of 8.0 GB')).toBeVisible()
  pulls = [{ model: 'gemma3:12b', status: 'success', over: true }]
  expect(await screen.findByText('It is here, and can be cast.', {}, { timeout: 3_000 })).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Leave gemma3:12b out of this list' }))
  await waitFor(() => expect(screen.queryByText('gemma3:12b')).toBeNull())
  expect(asked).toEqual(['{"model":"gemma3:12b"}', 'stop gemma3:12b'])
})

test('an office that cannot be reached says so and can be asked again', async () => {
  server.use(
    http.get(`${API}/providers`, () =>
      HttpResponse.json({ code: 'internal', detail: 'Out.' }, { status: 500 }),
    ),
    http.get(`${API}/house`, () => HttpResponse.json(HOUSE)),
    http.get(`${API}/spending`, () => HttpResponse.error()),
  )
  visit('/admin/providers')
  expect(await screen.findByText('Out.')).toBeVisible()
  expect(await screen.findByText('No line to the house.')).toBeVisible()
})
