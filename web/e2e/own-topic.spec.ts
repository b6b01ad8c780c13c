import { accessible, expect, lines, script, test } from './support/house.ts'

test('somebody gives them something to talk about', async ({ page }) => {
  const topic = `Is a hot dog a sandwich? ${Date.now()}`
  await page.goto('/new')
  await page.getByRole('textbox', { name: 'Topic' }).fill(topic)
  await page.getByRole('button', { name: 'Cast The Scientist' }).click()
  await page.getByRole('button', { name: 'Cast The Chef' }).click()
  await expect(page.getByText('3 of 8 seats taken')).toBeVisible()
  await page.getByRole('button', { name: 'Mind of the Chef' }).click()
  await page.getByRole('option', { name: /Scripted/ }).click()
  await accessible(page)

  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page).toHaveURL(/\/c\/cnv_/)
  await expect(page.getByRole('heading', { level: 1, name: topic })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Stage' })).toContainText('Chef')
  await expect(lines(page).filter({ hasText: /\w{3}/ }).first()).toBeVisible({ timeout: 30_000 })
  // Nobody is led to believe that a model speaks.
  await expect(script(page).getByText('scripted').first()).toBeVisible({ timeout: 45_000 })

  await page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: 'Library' }).click()
  await page.getByRole('searchbox').fill(topic)
  await expect(
    page.getByRole('link', { name: new RegExp(topic.slice(0, 20).replace('?', '\\?')) }),
  ).toHaveCount(1)
})

test('a topic nobody could talk about is refused in place', async ({ page }) => {
  await page.goto('/new')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByText('Give them something to talk about.')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Topic' })).toBeFocused()
  await page.getByRole('textbox', { name: 'Topic' }).fill('a'.repeat(501))
  await expect(page.getByText('1 character too many')).toBeVisible()
  await expect(page).toHaveURL(/\/new$/)
})

test('the whole of it can be done without a mouse', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('n')
  await expect(page.getByRole('heading', { name: 'Start a conversation' })).toBeVisible()
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab')
    if (
      await page.getByRole('textbox', { name: 'Topic' }).evaluate((field) => field === document.activeElement)
    )
      break
  }
  await page.keyboard.type('Why do cats purr?')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Why do cats purr?' })).toBeVisible()
})
