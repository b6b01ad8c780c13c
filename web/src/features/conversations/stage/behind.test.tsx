import { configure, screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { afterEach, expect, test, vi } from 'vitest'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { type Said, said, turn } from '#testing/live/logs.ts'
import { withSizes } from '#testing/live/sizes.ts'
import { stageHouse } from '#testing/live/stageHouse.ts'

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 8_000 })
vi.setConfig({ testTimeout: 30_000 })
withServer()
withSizes()
afterEach(() => sessionStorage.clear())

const PHIL = { participant_id: 'par_philosopher' }
const LEAD = { provider: 'openai', model: 'gpt-5-mini' }
const CAST = [
  {
    id: 'par_philosopher',
    persona_id: 'per_philosopher',
    slug: 'philosopher',
    name: 'The Philosopher',
    color: 'steel',
    mask: 'philosopher',
    muted: false,
    ...LEAD,
  },
]
const begun: Said[] = [
  ['conversation.created', { title: 'Tea?', topic: 'Tea?', participants: CAST }],
  ['conversation.started', {}],
]
const running = { status: 'running', title: 'Tea?', topic: 'Tea?', participants: CAST } as const
const usage = { input_tokens: 1820, output_tokens: 64, cached_tokens: 1200, cost: 0.0021, estimated: true }
const timings = { first_token_ms: 420, duration_ms: 2100 }

/** A recorded call of the one turn there is. */
const call = {
  id: 'call_1',
  at: '2026-11-22T21:00:00.000Z',
  ...PHIL,
  ...LEAD,
  duration_ms: 2100,
  request: {
    system: 'You are the Philosopher.',
    messages: [{ role: 'others', text: 'Tea?' }],
    temperature: 0.9,
  },
  text: 'Tea is patience.',
  reasoning: '',
}

function recorded(items: readonly object[], record_calls = true): void {
  server.use(
    http.get(`${API}/conversations/cnv_1/turns/tm1/calls`, () =>
      HttpResponse.json({ items, next_cursor: null }),
    ),
    http.get(`${API}/house`, () =>
      HttpResponse.json({
        paid_calls: true,
        record_calls,
        budgets: { house_day: null, provider_day: {}, conversation_default: null },
      }),
    ),
  )
}

test('a line bears its model, and behind it stands what it took and what was asked', async () => {
  stageHouse(
    [...begun, turn('m1', PHIL), said('m1', 'Tea is patience.', { ...PHIL, route: LEAD, usage, timings })],
    running,
  )
  recorded([
    { ...call, error: { code: 'provider_slow', message: 'No first word.' }, text: '' },
    { ...call, id: 'call_2' },
  ])
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByRole('button', { name: 'gpt-5-mini' }))
  const sheet = await screen.findByRole('dialog', { name: 'Behind the line of the Philosopher' })
  expect(within(sheet).getByText('gpt-5-mini, OpenAI')).toBeVisible()
  expect(within(sheet).getByText('first word after 420 ms, all in 2.1 s')).toBeVisible()
  expect(within(sheet).getByText('1,200 of those read came from a cache')).toBeVisible()
  expect(within(sheet).getByText('≈ $0.0021')).toBeVisible()
  expect(await within(sheet).findByText('The provider took too long.')).toBeVisible()
  expect(within(sheet).getAllByText('You are the Philosopher.')).toHaveLength(2)
  expect(within(sheet).getAllByText('temperature 0.9')).toHaveLength(2)
  await user.click(within(sheet).getAllByRole('button', { name: 'Copy' })[1] as HTMLElement)
  expect(JSON.parse(await navigator.clipboard.readText())).toEqual({ ...call, id: 'call_2' })
})

test('where nothing is recorded, it says how it would be', async () => {
  stageHouse([...begun, turn('m1', PHIL), said('m1', 'Tea.', { ...PHIL, route: LEAD })], running)
  recorded([], false)
  const { user } = visit('/c/cnv_1')
  const line = await screen.findByRole('article')
  line.focus()
  await user.keyboard('{Enter}')
  expect(await screen.findByText(/Calls are not being recorded/)).toBeVisible()
  expect(await screen.findByRole('link', { name: /Switch it on/ })).toHaveAttribute(
    'href',
    '/admin/providers',
  )
})

test('behind a failed turn stands why', async () => {
  stageHouse(
    [
      ...begun,
      turn('m1', PHIL),
      [
        'turn.failed',
        { turn_id: 'tm1', message_id: 'm1', ...PHIL, code: 'provider_down', detail: 'Refused.' },
      ],
    ],
    running,
  )
  recorded([])
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByText('Details'))
  await user.click(screen.getByRole('button', { name: 'Look behind the line' }))
  const sheet = await screen.findByRole('dialog')
  expect(within(sheet).getByText('Refused. (provider_down)')).toBeVisible()
})

test.each([
  [
    { provider: 'gemini', model: 'flash', why: 'provider_slow' },
    '[The line was too slow; Gemini reads the Philosopher.]',
  ],
  [
    { provider: 'scripted', model: 'improv', why: 'paid_calls_stopped' },
    '[Paid calls are stopped; the house’s troupe reads the Philosopher.]',
  ],
  [
    { provider: 'openai', model: 'gpt-5-nano', why: 'provider_down' },
    '[The line dropped; gpt-5-nano reads the Philosopher.]',
  ],
  [
    { provider: 'scripted', model: 'improv' },
    '[The line dropped; the house’s troupe reads the Philosopher.]',
  ],
])('an understudy is named: %j', async (route, told) => {
  stageHouse(
    [
      ...begun,
      turn('m1', PHIL),
      said('m1', 'Tea.', { ...PHIL, route: { ...route, understudy_for: 'openai/gpt-5-mini' } }),
    ],
    running,
  )
  visit('/c/cnv_1')
  expect(await screen.findByText(told)).toBeVisible()
  expect(screen.getByText('for gpt-5-mini')).toBeVisible()
})

test.each([
  ['providers_down', 'The house waits.', null],
  ['credential', 'Paused', 'Look at the keys'],
  ['budget', 'Paused', 'Look at the budgets'],
])('a pause because of %s says what can be done, and the field stays open', async (because, title, link) => {
  stageHouse([...begun, ['conversation.paused', { because }]], {
    ...running,
    status: 'paused',
    paused_because: because as 'budget',
  })
  visit('/c/cnv_1')
  expect((await screen.findAllByText(title)).length).toBeGreaterThan(0)
  const doors = screen.queryAllByRole('link', { name: /Look at the/ })
  expect(doors[0]?.textContent ?? null).toBe(link)
  expect(screen.getByRole('combobox', { name: 'Say something to the cast' })).toBeEnabled()
})

test('a picture of a viewer stands in the script and can be seen larger', async () => {
  stageHouse(
    [
      ...begun,
      [
        'message.posted',
        {
          message_id: 'v',
          author: { kind: 'viewer', name: 'Anna' },
          text: '',
          images: [{ id: 'img_1', media_type: 'image/webp', width: 800, height: 520 }],
        },
      ],
    ],
    running,
  )
  const { user } = visit('/c/cnv_1')
  const picture = await screen.findByRole('img', { name: 'A picture from Anna' })
  expect(picture).toHaveAttribute('src', '/api/v1/conversations/cnv_1/images/img_1')
  await user.click(screen.getByRole('button', { name: 'A picture from Anna' }))
  const large = await screen.findByRole('dialog', { name: 'A picture from Anna' })
  expect(within(large).getByRole('img')).toBeVisible()
})
