import { configure, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { expect, test, vi } from 'vitest'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { created, said } from '#testing/live/logs.ts'
import { withSizes } from '#testing/live/sizes.ts'
import { stageHouse } from '#testing/live/stageHouse.ts'

configure({ asyncUtilTimeout: 8_000 })
vi.setConfig({ testTimeout: 30_000 })
withServer()
withSizes()

const PLACE = `${API}/conversations/cnv_1/messages/a/reactions/:emoji`
const US = { type: 'viewer', id: 'host' }

test('a line is clapped for, counted for everybody, and the hand taken back', async () => {
  const house = stageHouse([created, ['conversation.started', {}], said('a', 'Tea is a question.')])
  const asked: string[] = []
  const answer = ({ request, params }: { request: Request; params: Record<string, unknown> }) => {
    asked.push(`${request.method} ${String(params.emoji)}`)
    return HttpResponse.json({ message: {}, seq: 4 })
  }
  server.use(http.put(PLACE, answer), http.delete(PLACE, answer))
  visit('/c/cnv_1')
  const line = await screen.findByRole('article')
  await userEvent.click(within(line).getByRole('button', { name: 'React to the line' }))
  await userEvent.click(await screen.findByRole('button', { name: '👏' }))
  expect(asked).toEqual(['PUT 👏'])
  house.say(['reaction.added', { message_id: 'a', emoji: '👏', viewers: 2 }, US])
  house.say(['reaction.added', { message_id: 'a', emoji: '👏', viewers: 2 }, { type: 'viewer', id: 'usr_2' }])
  const chip = await within(line).findByRole('button', { name: '👏: 2 reactions', hidden: true })
  expect(chip).toHaveAttribute('aria-pressed', 'true')
  await userEvent.keyboard('{Escape}')
  await userEvent.click(chip)
  expect(asked).toEqual(['PUT 👏', 'DELETE 👏'])
})

test('a refusal says why', async () => {
  stageHouse([
    created,
    ['conversation.started', {}],
    said('a', 'Tea is a question.'),
    ['reaction.added', { message_id: 'a', emoji: '🔥' }, { type: 'viewer', id: 'usr_2' }],
  ])
  const refused = { code: 'rate_limited', status: 429, title: 'Too many', detail: 'That was too often.' }
  server.use(http.put(PLACE, () => HttpResponse.json(refused, { status: 429 })))
  visit('/c/cnv_1')
  await userEvent.click(await screen.findByRole('button', { name: '🔥: 1 reaction' }))
  expect(await screen.findByText('That was too often.')).toBeVisible()
})
