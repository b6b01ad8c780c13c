import { accessible, expect, fits, test } from './support/house.ts'

test('a persona is forked, tried out, saved, changed and cast', async ({ page }) => {
  // Three looks at everything in both themes.
  test.slow()
  await page.goto('/casting/comedian')
  await page.getByRole('link', { name: 'Fork in the studio' }).click()
  const name = page.getByRole('textbox', { name: 'Name', exact: true })
  await expect(name).toHaveValue('Comedian Two')
  await name.fill('Harbour Master')
  await page.getByRole('textbox', { name: 'Who it is' }).fill('{name} counts boats and talks with {cast}.')
  await expect(page.getByText('Harbour Master counts boats and talks with')).toBeVisible()
  await accessible(page)

  await page.getByText('Try-out', { exact: true }).click()
  await page.getByRole('button', { name: 'Play on' }).click()
  await expect(page.getByRole('log').getByText('Harbour Master').first()).toBeVisible()
  await accessible(page)

  await page.getByRole('textbox', { name: 'Who it is' }).fill('Hides a {secret}.')
  await expect(page.getByText(/no variable of this name/)).toBeVisible()
  await page.getByRole('textbox', { name: 'Who it is' }).fill('Counts boats.')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page).toHaveURL(/\/studio\/harbour-master/)

  await page.getByRole('textbox', { name: 'How it talks' }).fill('Shouts a little.')
  await page.getByRole('button', { name: 'Save as the next version' }).click()
  await page.getByText('Versions', { exact: true }).click()
  await expect(page.getByText('Shouts a little.', { exact: true }).last()).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Version 2' })).toBeVisible()
  await accessible(page)
  for (const [width, height] of [
    [360, 740],
    [760, 1024],
    [3840, 2160],
  ] as const) {
    await page.setViewportSize({ width, height })
    await fits(page)
  }

  await page.getByRole('link', { name: 'Cast', exact: true }).click()
  await expect(page.getByRole('list', { name: 'On stage' }).getByText('Harbour Master')).toBeVisible()
  await page.goto('/studio/harbour-master')
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page).toHaveURL(/\/casting$/)
  await expect(page.getByText('Harbour Master is gone.')).toBeVisible()
})
