import { accessible, expect, fits, growing, lines, stoodStill, test, watchShifts } from './support/house.ts'

test('a stranger opens the house and minds are talking', async ({ page }) => {
  await watchShifts(page)
  await page.goto('/')
  await expect(lines(page).filter({ hasText: /\w/ }).first()).toBeVisible()
  await expect(page.getByRole('region', { name: 'Stage' })).toContainText('Philosopher')
  await expect(page.getByRole('heading', { level: 1 })).not.toBeEmpty()
  await expect(page.getByText(/^Live/).first()).toBeVisible()

  // Words come one after another: somewhere a line that is being said grows.
  await expect
    .poll(() => growing(page).locator('.line-speech').allTextContents(), { timeout: 60_000, intervals: [60] })
    .toContainEqual(expect.stringMatching(/\w+ \w+/))
  const begun = (await growing(page).locator('.line-speech').allTextContents()).join('')
  await expect
    .poll(async () => (await lines(page).last().locator('.line-speech').textContent()) ?? '', {
      timeout: 20_000,
      intervals: [60],
    })
    .not.toBe(begun)
  await stoodStill(page)
  await fits(page)
  await accessible(page)
})

test('the doors lead to every room and back', async ({ page }) => {
  await page.goto('/')
  const rooms = page.getByRole('navigation', { name: 'Rooms' })
  for (const [door, title] of [
    ['Library', 'Library'],
    ['Start', 'Start a conversation'],
    ['Casting', 'Casting'],
    ['Settings', 'Settings'],
  ] as const) {
    await rooms.getByRole('link', { name: door, exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  }
  await rooms.getByRole('link', { name: 'Live', exact: true }).click()
  await expect(lines(page).first()).toBeVisible()
})
