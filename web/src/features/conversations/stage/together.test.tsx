import { configure, screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { afterEach, expect, test, vi } from 'vitest'
import { conversation } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { type Said, said, turn, whisper } from '#testing/live/logs.ts'
import { seat } from '#testing/live/seats.ts'
import { withSizes } from '#testing/live/sizes.ts'
import { stageHouse } from '#testing/live/stageHouse.ts'

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 8_000 })
vi.setConfig({ testTimeout: 30_000 })
withServer()
withSizes()
afterEach(() => sessionStorage.clear())

const CAST = [seat('philosopher', 'steel'), seat('comedian', 'amber'), seat('scientist', 'moss')]
const [PHIL, COM] = ['par_philosopher', 'par_comedian']
const running = { status: 'running', title: 'Tea?', topic: 'Tea?', participants: CAST } as const
const begun: Said[] = [
  ['conversation.created', { title: 'Tea?', topic: 'Tea?', participants: CAST }],
  ['conversation.started', {}],
]
const QWEN = { provider: 'ollama', model: 'qwen3:8b' }
const route = { provider: 'scripted', model: 'troupe' }

test('a duet is one line with two names; both stand in the light, and the second goes on in their own', async () => {
  const house = stageHouse(begun, running)
  visit('/c/cnv_1')
  await screen.findByText(/Live · 12 watching/)
  house.say(turn('a', { participant_id: PHIL, cause: 'duet', with: { participant_id: COM, route } }))
  const line = await screen.findByRole('article')
  expect(within(line).getByRole('heading', { name: 'Philosopher and Comedian' })).toBeVisible()
  house.signal('message.delta', {
    message_id: 'a',
    participant_id: PHIL,
    generation: 1,
    offset: 0,
    text: 'Tea is *warm*. ',
  })
  expect(await screen.findAllByText('Speaking')).toHaveLength(2)
  const text = 'Tea is *warm*. And wet.'
  house.say(said('a', text, { participant_id: PHIL, with: { participant_id: COM, route, offset: 15 } }))
  const second = (await within(line).findByText('And wet.')).closest('[data-gel]')
  expect(second).toHaveAttribute('data-gel', 'amber')
  expect(second).toHaveTextContent('The Comedian goes on: And wet.')
  expect(within(line).getByText('warm').closest('[data-gel]')).toBe(line)
})

test('a whisper is an aside that says who hears it', async () => {
  const psst = whisper(said('a', 'Psst. I do like tea.', { participant_id: PHIL, route }), [PHIL, COM])
  const viewer = { message_id: 'v', author: { kind: 'viewer', name: 'Anna' }, text: 'Be kind.', to: COM }
  stageHouse([...begun, psst, whisper(['message.posted', viewer], [COM])], running)
  visit('/c/cnv_1')
  const [line, posted] = await screen.findAllByRole('article')
  expect(line).toHaveTextContent('(to the Comedian; the others do not hear)')
  expect(posted).toHaveTextContent('(to the Comedian; the others do not hear)')
})

test('a seat that is recast says who plays it from now on', async () => {
  const fresh = seat('philosopher', 'steel', QWEN)
  const recast: Said = ['participant.joined', { participant_id: PHIL, participant: fresh }]
  stageHouse([...begun, recast], running)
  visit('/c/cnv_1')
  expect(await screen.findByText('[qwen3:8b plays the Philosopher from now on.]')).toBeVisible()
})

test('another model is given a seat from the panel, and what cannot be is said', async () => {
  const house = stageHouse(begun, running)
  const asked: unknown[] = []
  let refused = false
  server.use(
    http.patch(`${API}/conversations/cnv_1/participants/${PHIL}`, async ({ request }) => {
      asked.push(await request.json())
      if (refused) return HttpResponse.json({ code: 'invalid', detail: 'Ollama has gone.' }, { status: 422 })
      return HttpResponse.json({ conversation: conversation('cnv_1', running), seq: 3 })
    }),
  )
  const { user } = visit('/c/cnv_1')
  const open = async (name: RegExp) => user.click(await screen.findByRole('button', { name }))
  await open(/Played by scripted. Change the mind of the Philosopher/)
  const picker = await screen.findByRole('dialog', { name: 'Mind of the Philosopher' })
  expect(within(picker).queryByText('Best available')).toBeNull()
  await user.click(await within(picker).findByText('qwen3:8b'))
  expect(asked).toEqual([{ provider: 'ollama', model: 'qwen3:8b' }])
  house.say(['participant.joined', { participant_id: PHIL, participant: seat('philosopher', 'steel', QWEN) }])
  await screen.findByText('[qwen3:8b plays the Philosopher from now on.]')
  refused = true
  await open(/Played by qwen3:8b. Change the mind of the Philosopher/)
  await user.click(await screen.findByText('Scripted (no model)'))
  expect(await screen.findByText('Ollama has gone.')).toBeVisible()
  expect(asked.at(-1)).toEqual({ provider: 'scripted' })
})
