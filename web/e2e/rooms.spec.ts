import { accessible, expect, fits, test } from './support/house.ts'

for (const [path, title] of [
  ['/new', 'Start a conversation'],
  ['/library', 'Library'],
  ['/casting', 'Casting'],
  ['/casting/detective', 'The Detective'],
  ['/studio/new', 'A new persona'],
  ['/settings', 'Settings'],
  ['/admin/providers', 'Providers'],
  ['/nowhere', 'Nothing is playing here.'],
  ['/c/cnv_nothing', 'Nothing is playing here.'],
  ['/casting/nobody', 'Nothing is playing here.'],
] as const) {
  test(`${path} can be used by everybody`, async ({ page }) => {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
    await accessible(page)
    for (const [width, height] of [
      [760, 1024],
      [3840, 2160],
    ] as const) {
      await page.setViewportSize({ width, height })
      await fits(page)
    }
  })
}

test('the look is kept and chosen before anything is painted', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto('/settings')
  await page.getByText('Light', { exact: true }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
  await page.route('**/assets/*.js', (route) => route.abort())
  await page.reload({ waitUntil: 'commit' })
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
})

test('the size of the script follows the slider', async ({ page }) => {
  await page.goto('/settings')
  const slider = page.getByRole('slider', { name: 'Size of the script' })
  await slider.focus()
  await page.keyboard.press('End')
  await expect(slider).toHaveAttribute('aria-valuetext', '140 %')
  await expect(page.locator('html')).toHaveCSS('--speech-scale', '1.4')
})
