import type { APIRequestContext, Page } from '@playwright/test'
import { accessible, command, expect, finished, growing, play, test } from './support/house.ts'

/** What was said by the server's own account. */
async function transcript(request: APIRequestContext, id: string): Promise<string[]> {
  const answer = await request.get(`/api/v1/conversations/${id}/messages?limit=200`)
  const { items } = (await answer.json()) as { items: { text: string }[] }
  return items.map(({ text }) => squeeze(text))
}

const squeeze = (text: string) => text.replace(/[\s*_`“”"]+/g, '')

/** What the page shows of it, oldest first. */
async function shown(page: Page): Promise<string[]> {
  const texts = await finished(page).locator('.line-speech').allTextContents()
  return texts.map(squeeze)
}

/** Every line the server has is on the page once and in order. */
async function agrees(page: Page, request: APIRequestContext, id: string): Promise<void> {
  // So high that no line lies outside of the view: the list draws only what can be seen.
  await page.setViewportSize({ width: 1440, height: 9_000 })
  await expect.poll(async () => shown(page), { timeout: 20_000 }).toEqual(await transcript(request, id))
}

test('a page reloaded in the middle of a line goes on with it', async ({ page, request }) => {
  test.slow()
  const { id } = await play(request, 'What is lost when a line is lost?', {
    pace: { mode: 'stream', speed: 4 },
    max_turns: 200,
  })
  await page.goto(`/c/${id}`)
  await expect(growing(page).filter({ hasText: /\w{3}/ }).first()).toBeVisible({ timeout: 45_000 })
  await page.reload()
  await expect(finished(page).first()).toBeVisible({ timeout: 30_000 })
  await expect.poll(() => finished(page).count(), { timeout: 45_000 }).toBeGreaterThan(2)
  await command(request, id, 'pause')
  await expect(growing(page)).toHaveCount(0)
  await agrees(page, request, id)
})

test('a line that breaks mends itself, without a gap and without a repetition', async ({
  page,
  context,
  request,
}) => {
  const { id } = await play(request, 'Does absence make the heart grow fonder?')
  await page.goto(`/c/${id}`)
  await expect(finished(page).first()).toBeVisible({ timeout: 30_000 })
  await expect(growing(page).filter({ hasText: /\w{3}/ }).first()).toBeVisible({ timeout: 45_000 })

  await context.setOffline(true)
  await expect(page.getByText(/offline/i).first()).toBeVisible()
  const before = (await transcript(request, id)).length
  await expect
    .poll(async () => (await transcript(request, id)).length, { timeout: 45_000 })
    .toBeGreaterThan(before + 1)
  await accessible(page)

  await context.setOffline(false)
  await expect(page.getByText(/you are offline/i)).toHaveCount(0)
  await expect.poll(() => finished(page).count(), { timeout: 30_000 }).toBeGreaterThan(before)
  await command(request, id, 'pause')
  await expect(growing(page)).toHaveCount(0)
  await agrees(page, request, id)
})
