import { accessible, expect, finished, growing, lines, play, test } from './support/house.ts'

test('pause, go on, skip and stop', async ({ page, request }) => {
  const { id } = await play(request, 'What is patience for?')
  await page.goto(`/c/${id}`)
  await expect(finished(page).first()).toBeVisible({ timeout: 30_000 })

  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await expect(page.getByRole('button', { name: /go on|resume/i }).first()).toBeVisible()
  await expect(growing(page)).toHaveCount(0)
  const said = await lines(page).count()
  await page.waitForTimeout(3_000)
  await expect(lines(page)).toHaveCount(said)
  await accessible(page)

  await page
    .getByRole('button', { name: /go on|resume/i })
    .first()
    .click()
  await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeVisible()
  await expect.poll(() => lines(page).count(), { timeout: 30_000 }).toBeGreaterThan(said)

  await page.getByRole('button', { name: /skip/i }).first().click()
  await expect(page.getByRole('alert')).toHaveCount(0)

  await page.getByRole('button', { name: /more/i }).click()
  await page.getByRole('menuitem', { name: /stop/i }).click()
  const asked = page.getByRole('dialog')
  await expect(asked).toBeVisible()
  await asked.getByRole('button', { name: /stop|end/i }).click()
  await expect(page.getByText('Ended', { exact: false }).first()).toBeVisible()
  await expect(page.getByText('Curtain', { exact: false }).first()).toBeVisible()
  await accessible(page)
})

test('pace is changed while they talk', async ({ page, request }) => {
  const { id } = await play(request, 'Who is in a hurry?', { pace: { mode: 'stream', speed: 1 } })
  await page.goto(`/c/${id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Who is in a hurry?')
  await page.getByRole('button', { name: /pace/i }).click()
  const popover = page.getByRole('dialog')
  await popover.getByRole('radio').nth(1).check({ force: true })
  await expect
    .poll(async () => {
      const answer = await request.get(`/api/v1/conversations/${id}`)
      return ((await answer.json()) as { pace: { mode: string } }).pace.mode
    })
    .toBe('human')
})
