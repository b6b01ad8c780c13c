import type { Browser, Page } from '@playwright/test'
import { accessible, expect, lines, play, test } from './support/house.ts'

interface Asked {
  readonly winner?: string
}

const SLOWLY = { pace: { mode: 'stream', speed: 2 } }

test.setTimeout(180_000)

/** Somebody else, in a browser of their own. */
async function other(browser: Browser, address: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(address)
  return page
}

/** The stalls' tab of the panel beside the stage. */
async function openStalls(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Stalls' }).click()
}

test('two people answer a poll, one vote each, and what wins becomes the topic', async ({
  page,
  browser,
  request,
  baseURL,
}) => {
  const { id } = await play(request, 'Do fish get bored?', SLOWLY)
  await page.goto(`/c/${id}`)
  const guest = await other(browser, `${baseURL}/c/${id}`)
  await expect(lines(page).first()).toBeVisible()
  await openStalls(page)
  await page.getByText('Ask the stalls').click()
  await page.getByLabel('Question').fill('What next?')
  await page.getByLabel('Answer 1', { exact: true }).fill('Owls')
  await page.getByLabel('Answer 2', { exact: true }).fill('Soup')
  await page.getByRole('button', { name: '30 s' }).click()
  await page.getByLabel('The winner becomes the topic').check()
  await page.getByRole('button', { name: 'Open the poll' }).click()

  const card = (on: Page) => on.locator('.poll-stage').getByRole('article', { name: 'Poll: What next?' })
  await expect(card(page)).toBeVisible()
  await expect(card(guest)).toBeVisible()
  for (const answer of ['Owls', 'Soup', 'Soup']) {
    await card(page).getByRole('button', { name: answer }).click()
    await expect(card(page).getByRole('button', { name: answer })).toHaveAttribute('aria-pressed', 'true')
  }
  await expect(card(page)).toContainText('1 vote')
  await card(guest).getByRole('button', { name: 'Soup' }).click()
  await expect(card(guest)).toContainText('2 votes')
  await accessible(page)

  // It closes by itself, and what was decided happens.
  const house = `/api/v1/conversations/${id}`
  const asked = async () => (await (await request.get(`${house}/polls`)).json()) as { items: Asked[] }
  await expect.poll(async () => (await asked()).items[0]?.winner, { timeout: 45_000 }).toBe('Soup')
  const topics = (await (await request.get(`${house}/topics`)).json()) as { topic: string; past: string[] }
  expect([topics.topic, ...topics.past]).toContain('Soup')
  await page.getByText('Earlier polls').click()
  await expect(page.locator('.house-panel .poll')).toContainText('“Soup” it is.')
  await guest.context().close()
})

test('a line is marked for all and for oneself, and a link leads to it', async ({
  page,
  browser,
  request,
  baseURL,
}) => {
  const { id } = await play(request, 'Is a bookmark a kind of memory?', SLOWLY)
  await page.goto(`/c/${id}`)
  const first = lines(page).first()
  await expect(first).not.toHaveAttribute('aria-busy', 'true', { timeout: 30_000 })
  const line = (await first.getAttribute('id'))?.replace('row-', '') ?? ''
  await first.hover()
  await first.getByRole('button', { name: 'React to the line' }).click()
  for (const name of ['Highlight for everybody', 'Bookmark for yourself']) {
    await page.getByRole('button', { name }).click()
    await expect(page.getByRole('button', { name })).toHaveAttribute('aria-pressed', 'true')
  }
  await page.keyboard.press('Escape')
  await openStalls(page)
  const marks = page.locator('.marks')
  await expect(marks.first()).toContainText('marked by a viewer')
  await expect(marks.last().getByRole('link')).toHaveAttribute('href', `/c/${id}#${line}`)
  await page.getByRole('button', { name: /^Good/ }).click()
  await expect(page.getByRole('button', { name: /^Good/ })).toHaveAttribute('aria-pressed', 'true')
  await accessible(page)

  const guest = await other(browser, `${baseURL}/c/${id}#${line}`)
  await expect(guest.locator(`#row-${line}`)).toBeFocused()
  await openStalls(guest)
  await expect(guest.locator('.marks').first()).toContainText('marked by a viewer')
  await expect(guest.locator('.marks').last()).toContainText('for you alone')
  await guest.context().close()
})
