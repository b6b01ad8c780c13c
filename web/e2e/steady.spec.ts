import { expect, finished, lines, play, stoodStill, test, watchShifts } from './support/house.ts'
import { completed, delta, started } from './support/scene.ts'
import { openStreamHouse } from './support/streamHouse.ts'

const PAST = 64
const WORDS =
  'It grows by a word and a word and another until the line is broken and stands on two, or three.'

for (const [kind, viewport] of [
  ['desktop', { width: 1440, height: 900 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(kind, () => {
    test.use({ viewport })

    test('nothing moves while the first lines are spoken', async ({ page, request }) => {
      const { id } = await play(request, 'What moves?')
      await watchShifts(page)
      await page.goto(`/c/${id}`)
      await expect(finished(page).nth(3)).toBeVisible({ timeout: 60_000 })
      await stoodStill(page)
    })

    test('nothing moves over a long script', async ({ page }) => {
      const house = await openStreamHouse(PAST)
      try {
        await watchShifts(page)
        await page.goto(house.address)
        await house.subscribed
        await expect(page.getByText(`Line ${PAST - 1}.`)).toBeInViewport()
        house.send([started(2 * PAST + 1, 'new', 'comedian')])
        for (const { 0: word, index } of WORDS.matchAll(/\S+ ?/g)) {
          house.send([delta('new', 'comedian', index, word)])
          await page.waitForTimeout(30)
        }
        house.send([completed(2 * PAST + 2, 'new', 'comedian', WORDS)])
        await expect(lines(page).last()).toContainText('on two, or three.')
        await expect(lines(page).last()).toBeInViewport()
        await stoodStill(page)
      } finally {
        house.close()
      }
    })
  })
}
