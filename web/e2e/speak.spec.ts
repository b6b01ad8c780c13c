import type { APIRequestContext } from '@playwright/test'
import { accessible, expect, lines, play, test } from './support/house.ts'

interface Event {
  readonly type: string
  readonly body: { readonly text?: string; readonly participant_id?: string }
}

/** Whose turn was the first to start after something was said from the stalls; null as long as none has. */
async function nextSpeaker(request: APIRequestContext, id: string, said: string): Promise<string | null> {
  const conversation = (await (await request.get(`/api/v1/conversations/${id}`)).json()) as {
    participants: { id: string; slug: string }[]
  }
  const log = (await (await request.get(`/api/v1/conversations/${id}/events?limit=200`)).json()) as {
    items: Event[]
  }
  const asked = log.items.findIndex(
    ({ type, body }) => type === 'message.posted' && body.text?.includes(said),
  )
  const turn = asked < 0 ? undefined : log.items.slice(asked).find(({ type }) => type === 'turn.started')
  return (
    conversation.participants.find((participant) => participant.id === turn?.body.participant_id)?.slug ??
    null
  )
}

test('a viewer speaks to one of them and that one answers next', async ({ page, request }) => {
  const { id } = await play(request, 'Can a machine tell a joke?')
  await page.goto(`/c/${id}`)
  await expect(lines(page).first()).toBeVisible()

  await page.keyboard.press('/')
  const field = page.getByRole('combobox', { name: /say something/i })
  await expect(field).toBeFocused()
  await page.keyboard.type('@Com')
  await page.keyboard.press('Enter')
  await expect(field).toHaveValue(/@\S*Comedian\s$/)
  await page.keyboard.type('what makes a joke funny?')
  await page.keyboard.press('Enter')
  await expect(field).toHaveValue('')

  const mine = lines(page).filter({ hasText: 'what makes a joke funny?' })
  await expect(mine).toBeVisible()
  await expect(mine).toContainText('viewer')

  // Whoever was speaking already may finish; the next turn belongs to the one who was asked.
  await expect
    .poll(() => nextSpeaker(request, id, 'what makes a joke funny?'), { timeout: 40_000 })
    .toBe('comedian')
  await accessible(page)
})

test('what is too long to be said is kept and not sent', async ({ page, request }) => {
  const { id } = await play(request, 'How long is too long?')
  await page.goto(`/c/${id}`)
  const field = page.getByRole('combobox', { name: /say something/i })
  await field.fill('a'.repeat(501))
  await field.press('Enter')
  await expect(page.getByText(/too many|too long/i).first()).toBeVisible()
  await expect(field).toHaveValue('a'.repeat(501))
})
