import { configure, screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { afterEach, expect, test, vi } from 'vitest'
import { conversation } from '#testing/fixtures.ts'
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
afterEach(() => sessionStorage.clear())

const CAST = [seat('philosopher', 'steel'), seat('comedian', 'amber')]
const PHIL = 'par_philosopher'
const running = { status: 'running', title: 'Tea?', topic: 'Tea?', participants: CAST } as const
const begun: Said[] = [
  ['conversation.created', { title: 'Tea?', topic: 'Tea?', participants: CAST }],
  ['conversation.started', {}],
  turn('a', { participant_id: PHIL }),
  said('a', 'Tea is warm.', { participant_id: PHIL }),
]

/** Opens the menu at the philosopher's mask. */
async function open() {
  const house = stageHouse(begun, running)
  const { user } = visit('/c/cnv_1')
  const stage = within(await screen.findByRole('region', { name: 'Stage' }))
  const press = async (item: RegExp | string) => {
    await user.click(await stage.findByRole('button', { name: 'Direct the Philosopher' }))
    await user.click(await screen.findByRole('menuitem', { name: item }))
  }
  return { house, user, stage, press }
}

test('somebody is let speak, and the log answers', async () => {
  const { house, press } = await open()
  await press('Let speak')
  await waitFor(() => expect(house.asked).toContain(`POST /invite {"participant_id":"${PHIL}"}`))
  house.say(['participant.invited', { participant_id: PHIL }])
  expect(await screen.findByText('[The Philosopher is asked to speak.]')).toBeVisible()
})

test('a whisper goes to one of the cast alone, and the focus comes back', async () => {
  const { house, user, press, stage } = await open()
  await press(/^Whisper to the Philosopher/)
  const dialog = within(await screen.findByRole('dialog', { name: 'Whisper to the Philosopher' }))
  expect(dialog.getByRole('button', { name: 'Send' })).toBeDisabled()
  await user.type(dialog.getByRole('textbox', { name: 'What you whisper' }), 'Be kind.')
  await user.click(dialog.getByRole('button', { name: 'Send' }))
  await waitFor(() => expect(house.asked).toContain(`POST /messages {"text":"Be kind.","to":"${PHIL}"}`))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  await waitFor(() => expect(stage.getByRole('button', { name: 'Direct the Philosopher' })).toHaveFocus())
})

test('a note for one is given, and said to have arrived', async () => {
  const { house, user, press } = await open()
  await press(/^Note for the Philosopher/)
  await user.type(await screen.findByRole('textbox', { name: 'The note' }), 'Shorter.')
  await user.click(screen.getByRole('button', { name: 'Give the note' }))
  await waitFor(() =>
    expect(house.asked).toContain(`POST /direct {"note":"Shorter.","participant_id":"${PHIL}"}`),
  )
  expect(await screen.findByText('The Philosopher has your note.')).toBeInTheDocument()
})

test('a note for everybody is given from the menu of the controls; a refusal stands in its place', async () => {
  const { house, user } = await open()
  const refusal = { code: 'invalid', detail: 'Say less.', request_id: 'req_1' }
  server.use(
    http.post(`${API}/conversations/cnv_1/direct`, () => HttpResponse.json(refusal, { status: 422 }), {
      once: true,
    }),
  )
  await user.click(await screen.findByRole('button', { name: 'More' }))
  await user.click(await screen.findByRole('menuitem', { name: /^A note for everybody/ }))
  const dialog = within(await screen.findByRole('dialog', { name: 'A note for everybody' }))
  await user.type(dialog.getByRole('textbox'), 'Laugh more.')
  await user.click(dialog.getByRole('button', { name: 'Give the note' }))
  expect(await dialog.findByRole('alert')).toHaveTextContent('Say less.')
  expect(dialog.queryByText(/req_1|fell in the wings/)).toBeNull()
  expect(dialog.getByRole('textbox')).toHaveValue('Laugh more.')
  await user.click(dialog.getByRole('button', { name: 'Give the note' }))
  await waitFor(() => expect(house.asked).toContain('POST /direct {"note":"Laugh more."}'))
})

test('who is muted may be let speak again, and is not asked to speak meanwhile', async () => {
  const { house, user, press, stage } = await open()
  const asked: unknown[] = []
  server.use(
    http.patch(`${API}/conversations/cnv_1/participants/${PHIL}`, async ({ request }) => {
      asked.push(await request.json())
      return HttpResponse.json({ conversation: conversation('cnv_1', running), seq: 5 })
    }),
  )
  await press('Mute')
  await waitFor(() => expect(asked).toEqual([{ muted: true }]))
  house.say(['participant.muted', { participant_id: PHIL }])
  await screen.findByText('[The Philosopher is asked to be silent.]')
  await user.click(await stage.findByRole('button', { name: 'Direct the Philosopher' }))
  expect(await screen.findByRole('menuitem', { name: 'Let speak' })).toHaveAttribute('aria-disabled', 'true')
  await user.click(screen.getByRole('menuitem', { name: 'Unmute' }))
  await waitFor(() => expect(asked).toEqual([{ muted: true }, { muted: false }]))
})

test('what cannot be is said at the name; the list of the cast has the same menu', async () => {
  const { user } = await open()
  server.use(
    http.post(`${API}/conversations/cnv_1/invite`, () =>
      HttpResponse.json({ code: 'invalid', detail: 'Not now.' }, { status: 422 }),
    ),
  )
  const panel = within(screen.getByRole('complementary', { name: 'About this conversation' }))
  await user.click(await panel.findByRole('button', { name: 'Direct the Philosopher' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Let speak' }))
  expect(await panel.findByRole('alert')).toHaveTextContent('Not now.')
})

test('another model is chosen from the menu', async () => {
  const { press } = await open()
  await press(/^Another model/)
  expect(await screen.findByRole('dialog', { name: 'Mind of the Philosopher' })).toBeVisible()
})
