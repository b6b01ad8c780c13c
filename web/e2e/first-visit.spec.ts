import { accessible, expect, fits, growing, lines, test } from './support/house.ts'

test('a stranger opens the house and minds are talking', async ({ page }) => {
  const opened = Date.now()
  await page.goto('/')
  await expect(lines(page).filter({ hasText: /\w/ }).first()).toBeVisible({ timeout: 2_000 })
  expect(Date.now() - opened).toBeLessThan(2_000)
  await expect(page.getByRole('region', { name: 'Stage' })).toContainText('Philosopher')
  await expect(page.getByRole('heading', { level: 1 })).not.toBeEmpty()
  await expect(page.getByText(/^Live/).first()).toBeVisible()

  // Words come one after another: a line that is being said grows.
  const line = growing(page).last()
  await expect(line).toBeVisible({ timeout: 45_000 })
  await expect
    .poll(
      async () => {
        const before = (await line.textContent().catch(() => '')) ?? ''
        await page.waitForTimeout(120)
        const after = (await line.textContent().catch(() => '')) ?? ''
        return after.length > before.length
      },
      { timeout: 45_000, intervals: [0] },
    )
    .toBe(true)
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
