import { configure, screen, waitFor, within } from '@testing-library/react'
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
const AT = '2026-11-22T21:00:00.000Z'
const CAST = [
  {
    id: 'par_philosopher',
    persona_id: 'per_philosopher',
    slug: 'philosopher',
    name: 'The Philosopher',
    color: 'steel',
    mask: 'philosopher',
    provider: 'scripted',
    model: 'improv',
    muted: false,
  },
  {
    id: 'par_comedian',
    persona_id: 'per_comedian',
    slug: 'comedian',
    name: 'The Comedian',
    color: 'amber',
    mask: 'comedian',
    provider: 'ollama',
    model: 'qwen3:8b',
    muted: false,
  },
]
const created: Said = [
  'conversation.created',
  {
    title: 'Tea or coffee?',
    topic: 'Tea or coffee?',
    participants: CAST,
  },
]
const begun: Said[] = [created, ['conversation.started', {}]]
const running = {
  status: 'running',
  title: 'Tea or coffee?',
  topic: 'Tea or coffee?',
  started_at: AT,
  participants: CAST,
} as const
const bids = [
  { participant_id: 'par_philosopher', value: 0.91, reason: 'addressed' },
  { participant_id: 'par_comedian', value: 0.4, reason: 'topic' },
]

test('a turn goes over the stage: chosen, speaking, said', async () => {
  const house = stageHouse(begun, running)
  visit('/c/cnv_1')
  await screen.findByRole('heading', { level: 1, name: 'Tea or coffee?' })
  await screen.findByText(/Live · 12 watching/)
  house.say(turn('m1', { ...PHIL, bids }))
  const line = await screen.findByRole('article')
  expect(line).toHaveAttribute('aria-busy', 'true')
  expect(await screen.findByText('cause: owed an answer')).toBeVisible()
  expect(screen.getAllByRole('meter', { name: /Comedian wants to speak/ })[0]).toHaveAttribute(
    'aria-valuenow',
    '40',
  )
  house.signal('message.delta', {
    message_id: 'm1',
    ...PHIL,
    generation: 1,
    offset: 0,
    text: 'Tea is a **ques',
  })
  expect(await screen.findByText('Speaking')).toBeVisible()
  expect(within(line).getByText('ques')).toBeVisible()
  house.say(
    said('m1', 'Tea is a **question**.', {
      ...PHIL,
      scripted: true,
      route: { provider: 'scripted', model: 'improv' },
    }),
  )
  expect(await within(line).findByText('question')).toBeVisible()
  expect(line).toHaveAttribute('aria-busy', 'false')
  expect(within(line).getByText('scripted')).toBeVisible()
  expect(screen.getByRole('slider', { name: 'Score' })).toHaveAttribute(
    'aria-valuetext',
    expect.stringContaining('Message 1 of 1, Philosopher'),
  )
})

const failed = (messageId: string, who = PHIL): Said => [
  'turn.failed',
  {
    turn_id: `t${messageId}`,
    message_id: messageId,
    ...who,
    code: 'provider_down',
    detail: 'Connection refused.',
    retryable: true,
  },
]

test('a failed turn fades to a direction that says why and when it is tried again', async () => {
  const house = stageHouse([...begun, turn('m1', PHIL)], running)
  const { user } = visit('/c/cnv_1')
  await screen.findByText(/Live · 12/)
  house.due(new Date(Date.now() + 40_000))
  house.say(failed('m1'))
  expect(await screen.findByText('[The Philosopher breaks off.]')).toBeVisible()
  expect(await screen.findByText(/The provider did not answer. It is tried again in \d\d s./)).toBeVisible()
  await user.click(screen.getByText('Details'))
  expect(screen.getByText('Connection refused. (provider_down)')).toBeVisible()
})

test('turns that fail one after the other are told once', async () => {
  const comedian = { participant_id: 'par_comedian' }
  const house = stageHouse([...begun, turn('m1', PHIL), failed('m1')], running)
  visit('/c/cnv_1')
  expect(await screen.findByText('[The Philosopher breaks off.]')).toBeVisible()
  await screen.findByText(/Live · 12/)
  house.say(turn('m2', comedian), failed('m2', comedian), turn('m3', PHIL), failed('m3'))
  expect(await screen.findByText('[The Philosopher and the Comedian break off, 3 times.]')).toBeVisible()
  house.say(turn('m4', PHIL))
  await waitFor(() => expect(screen.queryByText(/tried again|tries again/)).toBeNull())
})

test('the curtain falls with its reason, and nothing can be said any more', async () => {
  stageHouse([...begun, ['conversation.ended', { because: 'turns' }]], {
    ...running,
    status: 'ended',
    ended_because: 'turns',
  })
  visit('/c/cnv_1')
  expect(await screen.findByRole('link', { name: 'Start another' })).toHaveAttribute('href', '/new')
  expect(screen.getByRole('combobox', { name: 'Say something to the cast' })).toBeDisabled()
  expect(screen.getByRole('button', { name: 'Nothing to play' })).toBeDisabled()
})

test('pause, skip, clear and pace ask the house; what cannot be undone asks the viewer first', async () => {
  const house = stageHouse(begun, running)
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByRole('button', { name: 'Pause' }))
  await waitFor(() => expect(house.asked).toEqual(['POST /pause ']))
  await user.click(await screen.findByRole('button', { name: 'Skip the wait' }))
  await waitFor(() => expect(house.asked).toContain('POST /skip '))
  house.say(['conversation.paused', { because: 'providers_down' }])
  expect(await screen.findByRole('button', { name: 'Go on' })).toBeEnabled()
  expect(screen.getAllByText('Nobody who could speak for them answers.')).toHaveLength(2)
  await user.keyboard('.')
  await waitFor(() => expect(house.asked.at(-1)).toBe('PATCH {"pace":{"mode":"stream","speed":1.25}}'))
})

test('names are completed by keyboard, and what was said is sent', async () => {
  const house = stageHouse(begun, running)
  const { user } = visit('/c/cnv_1')
  await screen.findByText(/Live · 12/)
  await user.keyboard('/')
  const field = screen.getByRole('combobox', { name: 'Say something to the cast' })
  expect(field).toHaveFocus()
  await user.type(field, 'Well, @')
  expect(screen.getAllByRole('option').map(({ textContent }) => textContent)).toEqual([
    'The Philosopher',
    'The Comedian',
  ])
  await user.keyboard('{ArrowDown}')
  expect(field).toHaveAttribute(
    'aria-activedescendant',
    screen.getByRole('option', { name: 'The Comedian' }).id,
  )
  await user.keyboard('{Enter}')
  expect(field).toHaveValue('Well, @Comedian ')
  await user.type(field, '@p')
  await user.keyboard('{Escape}')
  expect(screen.queryByRole('option')).toBeNull()
  await user.clear(field)
  await user.type(field, 'Well?{Enter}')
  await waitFor(() => expect(house.asked).toEqual(['POST /messages {"text":"Well?"}']))
  await waitFor(() => expect(field).toHaveValue(''))
})

test('a line that is refused, or too long, stays in the field and says why', async () => {
  stageHouse(begun, running)
  server.use(
    http.post(`${API}/conversations/cnv_1/messages`, () =>
      HttpResponse.json(
        { status: 429, code: 'rate_limited', detail: 'Try again in a minute.' },
        { status: 429 },
      ),
    ),
  )
  const { user } = visit('/c/cnv_1')
  await screen.findByText(/Live · 12/)
  const field = screen.getByRole('combobox', { name: 'Say something to the cast' })
  await user.type(field, 'Hello{Enter}')
  expect(await screen.findByText('Try again in a minute.')).toBeVisible()
  expect(field).toHaveValue('Hello')
  await user.click(field)
  await user.paste('x'.repeat(500))
  expect(screen.getByText('5 characters too many')).toBeVisible()
  expect(screen.getByRole('button', { name: 'Send' })).toBeDisabled()
})

test('a house that does not answer says so in place and can be asked again', async () => {
  server.use(
    http.get(`${API}/conversations/cnv_1`, () =>
      HttpResponse.json(
        { status: 500, code: 'internal', detail: 'Out of order.', request_id: 'req_9' },
        { status: 500 },
      ),
    ),
  )
  const { user } = visit('/c/cnv_1')
  expect(await screen.findByText('Request req_9')).toBeVisible()
  stageHouse(begun, running)
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByText(/Live · 12/)).toBeVisible()
})
