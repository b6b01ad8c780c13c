import type { Page } from '@playwright/test'
import {
  accessible,
  expect,
  finished,
  fits,
  growing,
  stoodStill,
  test,
  watchShifts,
} from './support/house.ts'
import { completed, delta, started } from './support/scene.ts'
import { openStreamHouse } from './support/streamHouse.ts'

/** Lines that were there before; each has two events. */
const PAST = 6
const route = { provider: 'scripted', model: 'troupe' }
const FIRST = 'A joke is a door that opens inwards, and most people push. '
const SECOND = 'I have the bruises to prove it.'
const PSST = 'Between us: I never understood the one about the duck.'

const partner = { participant_id: 'par_comedian', route }
const ASIDE = '(to the comedian; the others do not hear)'

async function playTogether(page: Page, size: { readonly width: number; readonly height: number }) {
  const house = await openStreamHouse(PAST)
  await watchShifts(page)
  await page.setViewportSize(size)
  await page.goto(house.address)
  await house.subscribed
  await expect(finished(page).last()).toBeVisible()
  const seq = 2 * PAST
  house.send([started(seq + 1, 'duet', 'philosopher', { cause: 'duet', with: partner })])
  await expect(growing(page).getByRole('heading')).toHaveText(/and/)
  house.send([delta('duet', 'philosopher', 0, FIRST)])
  await expect(page.locator('.player[data-light="speaking"]')).toHaveCount(2)
  house.send([delta('duet', 'philosopher', FIRST.length, SECOND)])
  const text = FIRST + SECOND
  const half = { ...partner, offset: FIRST.length, usage: {} }
  house.send([completed(seq + 2, 'duet', 'philosopher', text, { with: half, cause: 'duet' })])
  await expect(finished(page).last()).toContainText(SECOND)
  const heard = ['par_philosopher', 'par_comedian']
  house.send([started(seq + 3, 'psst', 'philosopher', {}, heard)])
  await expect(growing(page)).toContainText(ASIDE)
  house.send([completed(seq + 4, 'psst', 'philosopher', PSST, {}, heard)])
  await expect(finished(page).last()).toContainText(PSST)
  return house
}

for (const [what, size] of [
  ['beside the panel', { width: 1440, height: 1000 }],
  ['on a phone', { width: 390, height: 844 }],
] as const) {
  test(`two say a line together and one is whispered to, ${what}`, async ({ page }, info) => {
    const house = await playTogether(page, size)
    const [duet, whisper] = [finished(page).nth(-2), finished(page).last()]
    const second = duet.locator('.line-second')
    await expect(second).toHaveAttribute('data-gel', 'amber')
    await expect(second).toHaveText(`The comedian goes on: ${SECOND}`)
    // One line: where the first ends, the second goes on, and in another colour.
    const [ink, gel] = await Promise.all(
      [duet.locator('.line-part').first(), second].map((part) =>
        part.evaluate((element) => getComputedStyle(element).color),
      ),
    )
    expect(gel).not.toBe(ink)
    await expect(whisper.getByText(ASIDE)).toBeVisible()
    await stoodStill(page)
    await fits(page)
    await accessible(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const path = info.outputPath(`${colorScheme}.png`)
      await page.screenshot({ path })
    }
    house.close()
  })
}

test('who directs and whether they whisper is chosen before, who plays a seat also while the show runs', async ({
  page,
  request,
}) => {
  await page.goto('/new?topic=Is irony learnable?')
  await page.getByText('Title, seed, director').click()
  await page.getByRole('combobox', { name: 'Director' }).selectOption('human')
  await page.getByText('Whispers', { exact: true }).click()
  await expect(page.getByRole('checkbox', { name: 'Whispers' })).toBeChecked()
  await accessible(page)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForURL(/\/c\/cnv_/)
  const id = page.url().split('/c/')[1]
  const { items } = (await (await request.get(`/api/v1/conversations/${id}/events?limit=1`)).json()) as {
    items: readonly { body: object }[]
  }
  expect(items[0]?.body).toMatchObject({ director: 'human', whispers: true })

  await page.setViewportSize({ width: 1440, height: 1000 })
  const seat = page.getByRole('button', { name: /^Played by .* Change the mind of the Philosopher$/ })
  await seat.click()
  const picker = page.getByRole('dialog', { name: 'Mind of the Philosopher' })
  await expect(picker.getByText('Scripted (no model)')).toBeVisible()
  await accessible(page)
  await page.keyboard.press('Escape')
  await expect(picker).toHaveCount(0)
})
