import type { Page } from '@playwright/test'
import { accessible, command, expect, finished, fits, play, test } from './support/house.ts'

/** The panel beside the stage, or the sheet that stands for it. */
const side = (page: Page) => page.getByRole('complementary', { name: 'About this conversation' })
const sheet = (page: Page) => page.getByRole('dialog', { name: 'About this conversation' })
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true })

test('what goes on in the minds can be seen, followed to its line, and put right', async ({
  page,
  request,
}) => {
  test.slow()
  const { id } = await play(request, 'Is irony learnable?', { pace: { mode: 'instant', speed: 8 } })
  const scored = async () =>
    'latest' in ((await (await request.get(`/api/v1/conversations/${id}/quality`)).json()) as object)
  await expect.poll(scored, { timeout: 120_000 }).toBe(true)
  await command(request, id, 'pause')
  await page.setViewportSize({ width: 1440, height: 1000 })
  await page.goto(`/c/${id}`)
  await expect(finished(page).first()).toBeVisible({ timeout: 30_000 })

  await expect(side(page).getByText('Quality')).toBeVisible()
  await side(page).getByText('What it is made of').click()
  await expect(side(page).getByRole('meter', { name: 'Fair shares' })).toBeVisible()
  await accessible(page)

  // By key alone: to the relations, back to their beginning, and to the line that began them.
  await tab(page, 'Now').focus()
  await page.keyboard.press('ArrowRight')
  const time = side(page).getByRole('slider', { name: 'Moment' })
  await expect(time).toHaveAttribute('aria-valuetext', 'now')
  await time.focus()
  await page.keyboard.press('Home')
  await expect(side(page).getByText('Nothing has changed between them yet.')).toBeVisible()
  await page.keyboard.press('ArrowRight')
  await expect(time).toHaveAttribute('aria-valuetext', /^1 of /)
  await accessible(page)
  const receipt = side(page)
    .getByRole('button', { name: /Show the line/ })
    .first()
  await receipt.focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('article:focus')).toBeInViewport()

  await tab(page, 'Memory').click()
  const note = side(page).locator('.note').first()
  await note.getByRole('button', { name: 'Edit the note' }).click()
  await note.getByRole('textbox', { name: 'Note' }).fill('Irony is learnt by ear.')
  await note.getByRole('button', { name: 'Save' }).click()
  await expect(note.getByText('Irony is learnt by ear.')).toBeVisible()
  await accessible(page)
  await note.getByRole('button', { name: 'Forget the note' }).click()
  await page.getByRole('button', { name: 'Forget it' }).click()
  await expect(side(page).getByText('Irony is learnt by ear.')).toHaveCount(0)

  await tab(page, 'Figures').click()
  await side(page).getByText('As a table').click()
  await expect(side(page).getByRole('columnheader', { name: 'Sentiment' })).toBeVisible()
  await accessible(page)
})

test('on a phone the minds are a sheet, which gives way to the line it cites; each line says why it was spoken', async ({
  page,
  request,
}) => {
  test.slow()
  await page.setViewportSize({ width: 390, height: 844 })
  const { id } = await play(request, 'Does practice make perfect?', { pace: { mode: 'instant', speed: 8 } })
  const count = async () =>
    ((await (await request.get(`/api/v1/conversations/${id}/notes`)).json()) as { items: object[] }).items
      .length
  await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(0)
  await command(request, id, 'pause')
  await page.goto(`/c/${id}`)
  await expect(finished(page).first()).toBeVisible({ timeout: 30_000 })
  await page.getByRole('button', { name: 'Quality, relations, memory, figures' }).first().click()
  await expect(sheet(page)).toBeVisible()
  await tab(page, 'Memory').click()
  await fits(page)
  await accessible(page)
  await sheet(page)
    .getByRole('button', { name: /^Show the line of/ })
    .first()
    .click()
  await expect(sheet(page)).toHaveCount(0)
  const line = page.locator('article:focus')
  await expect(line).toBeInViewport()
  await page.keyboard.press('Enter')
  const behind = page.getByRole('dialog', { name: /^Behind the line/ })
  await expect(behind.getByText('Who wanted to speak')).toBeVisible()
  await expect(behind.getByText(/after a pause of/)).toBeVisible()
  await accessible(page)
})
