import { accessible, expect, fits, lines, play, stoodStill, test, watchShifts } from './support/house.ts'

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

test('the whole theatre fits a hand', async ({ page, request }) => {
  const { id } = await play(request, 'How small can a stage be?')
  await watchShifts(page)
  await page.goto(`/c/${id}`)
  await expect(lines(page).filter({ hasText: /\w{3}/ }).first()).toBeVisible({ timeout: 30_000 })
  await stoodStill(page)
  await fits(page)
  await accessible(page)
  const rooms = page.getByRole('navigation', { name: 'Rooms' })
  for (const door of await rooms.getByRole('link').all()) {
    if (!(await door.isVisible())) continue
    const box = await door.boundingBox()
    expect(box?.height).toBeGreaterThanOrEqual(44)
  }
  await page.getByRole('combobox', { name: /say something/i }).tap()
  await page.keyboard.type('Hello from the back row')
  await page.keyboard.press('Enter')
  await expect(lines(page).filter({ hasText: 'Hello from the back row' })).toBeVisible()
})

test('a long topic makes nothing wider than the hand', async ({ page, request }) => {
  const { id } = await play(request, 'What would you put in a time capsule to be misunderstood?', {
    title: 'Capsules',
  })
  await page.goto(`/c/${id}`)
  await expect(page.getByText('What would you put in a time capsule').first()).toBeVisible()
  await expect(
    page.getByRole('button', { name: 'Quality, relations, memory, figures' }).first(),
  ).toBeInViewport({ ratio: 1 })
})

for (const path of [
  '/new',
  '/library',
  '/casting',
  '/casting/poet',
  '/settings',
  '/admin/providers',
  '/nowhere',
]) {
  test(`${path} fits a hand`, async ({ page }) => {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await fits(page)
    await accessible(page)
    await page.setViewportSize({ width: 320, height: 640 })
    await fits(page)
  })
}
