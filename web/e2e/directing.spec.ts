import { accessible, expect, finished, fits, play, stoodStill, test, watchShifts } from './support/house.ts'

const NOTE = 'Speak of the sea.'
const PSST = 'The duck is behind you.'

for (const [what, size] of [
  ['beside the panel', { width: 1440, height: 1000 }],
  ['on a phone', { width: 390, height: 844 }],
] as const) {
  test(`those on stage are directed by keyboard and hand, ${what}`, async ({ page, request }, info) => {
    const { id } = await play(request, 'Who directs whom?', { pace: { mode: 'human', speed: 1 } })
    await watchShifts(page)
    await page.setViewportSize(size)
    await page.goto(`/c/${id}`)
    await expect(finished(page).first()).toBeVisible({ timeout: 30_000 })
    await stoodStill(page)
    const stage = page.getByRole('region', { name: 'Stage' })
    const mask = stage.getByRole('button', { name: 'Direct the Philosopher' })
    const room = await mask.boundingBox()
    expect(Math.min(room?.width ?? 0, room?.height ?? 0)).toBeGreaterThanOrEqual(44)

    await mask.focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('menu', { name: 'Direct the Philosopher' })).toBeFocused()
    await page.keyboard.press('ArrowDown')
    await expect(page.getByRole('menuitem', { name: 'Let speak' })).toBeFocused()
    await fits(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: info.outputPath(`menu-${colorScheme}.png`) })
    }
    await page.keyboard.press('Enter')
    await expect(page.getByText('[The Philosopher is asked to speak.]')).toBeVisible()

    await mask.click()
    await page.getByRole('menuitem', { name: /^Whisper to the Philosopher/ }).click()
    await page.getByRole('textbox', { name: 'What you whisper' }).fill(PSST)
    await accessible(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: info.outputPath(`whisper-${colorScheme}.png`) })
    }
    await page.getByRole('button', { name: 'Send', exact: true }).last().click()
    await expect(page.getByText(PSST)).toBeVisible()
    await expect(mask).toBeFocused()

    await mask.click()
    await page.getByRole('menuitem', { name: 'Mute' }).click()
    await expect(page.getByText('[The Philosopher is asked to be silent.]')).toBeVisible()
    await mask.click()
    await page.getByRole('menuitem', { name: 'Unmute' }).click()
    await expect(page.getByText('[The Philosopher may speak again.]')).toBeVisible()

    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('menuitem', { name: /^A note for everybody/ }).click()
    await page.getByRole('textbox', { name: 'The note' }).fill(NOTE)
    await page.getByRole('button', { name: 'Give the note' }).click()
    await expect(page.getByText('Everybody has your note.')).toBeVisible()
    // What people write is not covered by what the page tells them.
    const [notice, say] = await Promise.all([
      page.locator('[data-sonner-toast]').boundingBox(),
      page.locator('#say').boundingBox(),
    ])
    expect((notice?.y ?? 0) + (notice?.height ?? 0)).toBeLessThan(say?.y ?? 0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: info.outputPath(`noted-${colorScheme}.png`) })
    }
    const { items } = (await (await request.get(`/api/v1/conversations/${id}/events?limit=200`)).json()) as {
      items: readonly { type: string; body: object }[]
    }
    expect(items.find(({ type }) => type === 'director.noted')?.body).toMatchObject({ note: NOTE })
  })
}
