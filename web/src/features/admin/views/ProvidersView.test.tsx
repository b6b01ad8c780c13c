import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { HouseSwitches, Provider, Spending } from '#lib/api/types.ts'
import { provider } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'

withServer()

const KEY = { source: 'stored', last4: 'k3Qz', fingerprint: 'ab12', count: 1 } as const
const HOUSE: HouseSwitches = {
  paid_calls: true,
  record_calls: false,
  budgets: { house_day: 10, provider_day: {}, conversation_default: null },
}
const NOTHING: Spending = {
  currency: 'USD',
  days: [],
  providers: [],
  conversations: [],
  today: { amount: 0, estimated: false },
  month: { amount: 0, estimated: false },
}

/** An office with these providers; what it is asked to change is written down. */
function office(providers: readonly Provider[], spending: Partial<Spending> = {}) {
  const asked: string[] = []
  let house = HOUSE
  const note = async (request: Request) => {
    const path = new URL(request.url).pathname.replace('/api/v1', '')
    asked.push(`${request.method} ${path} ${await request.text()}`)
  }
  server.use(
    http.get(`${API}/providers`, () => HttpResponse.json({ items: providers, next_cursor: null })),
    http.get(`${API}/house`, () => HttpResponse.json(house)),
    http.get(`${API}/spending`, () => HttpResponse.json({ ...NOTHING, ...spending })),
    http.patch(`${API}/house`, async ({ request }) => {
      const change = (await request.clone().json()) as Partial<HouseSwitches>
      await note(request)
      house = { ...house, ...change }
      return HttpResponse.json(house)
    }),
    http.put(`${API}/providers/:name/credential`, async ({ request, params }) => {
      await note(request)
      return HttpResponse.json(provider(String(params.name)))
    }),
    http.delete(`${API}/providers/:name/credential`, async ({ request }) => {
      await note(request)
      return new HttpResponse(null, { status: 204 })
    }),
    http.patch(`${API}/providers/:name`, async ({ request, params }) => {
      await note(request)
      return HttpResponse.json(provider(String(params.name)))
    }),
    http.post(`${API}/providers/:name/check`, async ({ request }) => {
      const body = await request.clone().text()
      await note(request)
      return body.includes('wrong')
        ? HttpResponse.json({ ok: false, code: 'provider_refused', detail: 'The key was refused.' })
        : HttpResponse.json({ ok: true, detail: '', latency_ms: 231 })
    }),
  )
  return asked
}

const OPENAI = provider('openai', { title: 'OpenAI', wants_key: true, state: 'unset' })

test('a key is tested before it is stored, then stored and tested, and never shown', async () => {
  const asked = office([OPENAI])
  const { user, where } = visit('/admin/providers')
  await user.click(await screen.findByRole('button', { name: 'OpenAI' }))
  expect(where()).toBe('/admin/providers?open=openai')
  const field = await screen.findByLabelText('Key: OpenAI')
  expect(field).toHaveAttribute('type', 'password')
  await user.type(field, 'wrong-one')
  await user.click(screen.getByRole('button', { name: 'Test' }))
  expect(await screen.findByText('The key was refused.')).toBeVisible()
  expect(asked).toEqual(['POST /providers/openai/check {"api_key":"wrong-one"}'])
  await user.clear(field)
  await user.type(field, 'sk-good{Enter}')
  expect(await screen.findByText('Saved. It answers, in 231 ms.')).toBeVisible()
  expect(asked.slice(1)).toEqual([
    'PUT /providers/openai/credential {"api_key":"sk-good"}',
    'POST /providers/openai/check ',
  ])
  expect(field).toHaveValue('')
})

test('a stored key is known by its end, and asked about before it is removed', async () => {
  const asked = office([{ ...OPENAI, state: 'ready', credential: KEY, models: ['gpt'] }])
  const { user } = visit('/admin/providers?open=openai')
  expect(await screen.findByText('···· k3Qz')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Remove the key' }))
  const dialog = await screen.findByRole('dialog', { name: 'Remove the key of OpenAI?' })
  await user.click(within(dialog).getByRole('button', { name: 'Remove the key' }))
  await waitFor(() => expect(asked).toEqual(['DELETE /providers/openai/credential ']))
})

test('a refusal of an address is told in the house’s own words', async () => {
  office([provider('compatible', { title: 'Compatible server', state: 'unset' })])
  server.use(
    http.put(`${API}/providers/compatible/credential`, () =>
      HttpResponse.json({ code: 'invalid', detail: 'This address is not allowed.' }, { status: 422 }),
    ),
  )
  const { user } = visit('/admin/providers?open=compatible')
  await user.type(await screen.findByLabelText('Address'), 'http://10.0.0.1/v1{Enter}')
  expect(await screen.findByText('This address is not allowed.')).toBeVisible()
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
