import { readFileSync } from 'node:fs'
import { accessible, expect, fits, test } from './support/house.ts'

const EXPERIMENTS = '/admin/experiments'

test('a persona travels as a picture, and other words for it are tried', async ({ page }) => {
  test.slow()
  await page.goto('/studio/new?from=poet')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ferryman')
  await page.getByRole('combobox', { name: 'Somebody else' }).selectOption('The Skeptic')
  await page.getByRole('slider', { name: 'The Skeptic' }).fill('-0.6')
  await page.getByRole('textbox', { name: 'Eager', exact: true }).fill('Ships the oars')
  await page.getByText('Remembers earlier shows').click()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page).toHaveURL(/\/studio\/ferryman/)
  await expect(page.getByText('The troupe plays it with the words of The Poet')).toBeVisible()

  await page.getByRole('button', { name: 'Download' }).click()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Character card V3 (PNG)' }).click(),
  ])
  expect(file.suggestedFilename()).toBe('ferryman.png')
  const picture = readFileSync(await file.path())

  const side = page.getByRole('complementary').filter({ has: page.getByText('Variants') })
  await side.getByText('Variants', { exact: true }).click()
  await side.getByRole('button', { name: 'Write a variant' }).click()
  await side.getByRole('textbox', { name: 'What to call it' }).fill('Shorter')
  await side.getByRole('textbox', { name: 'How it talks' }).fill('Three words at a time.')
  await accessible(page)
  await side.getByRole('button', { name: 'Keep as a draft' }).click()
  await side.getByRole('button', { name: 'Approve and try' }).click()
  await expect(side.getByText('Being tried now.')).toBeVisible()
  await accessible(page)
  await side.getByRole('button', { name: 'Make it the next version' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make it the next version' }).click()
  await expect(page.getByRole('textbox', { name: 'How it talks' })).toHaveValue('Three words at a time.')
  await expect(page.getByText('The troupe plays it with the words of The Poet')).toBeHidden()

  await side.getByText('Memory', { exact: true }).click()
  await expect(side.getByText('It has kept nothing yet.')).toBeVisible()
  await accessible(page)
  for (const [width, height] of [
    [360, 740],
    [760, 1024],
  ] as const) {
    await page.setViewportSize({ width, height })
    await fits(page)
  }

  await page.goto('/casting')
  await page
    .getByLabel('A file with a persona')
    .setInputFiles({ name: 'ferryman.png', mimeType: 'image/png', buffer: picture })
  await expect(page).toHaveURL(/\/studio\/ferryman-2/)
  await expect(page.getByRole('slider', { name: 'The Skeptic' })).toHaveValue('-0.6')
  await expect(page.getByRole('textbox', { name: 'Eager', exact: true })).toHaveValue('Ships the oars')
  await page.goto('/casting')
  await page
    .getByLabel('A file with a persona')
    .setInputFiles({ name: 'no.json', mimeType: 'application/json', buffer: Buffer.from('{"spec": 1}') })
  await expect(page.getByText(/no persona that we can read/)).toBeVisible()
})

test('an experiment is begun, judged, looked at and stopped', async ({ page, request }) => {
  test.slow()
  await page.goto(EXPERIMENTS)
  await expect(page.getByText('Nothing is being compared.')).toBeVisible()
  await accessible(page)
  await page.getByRole('button', { name: 'Compare the two directors' }).click()
  await accessible(page)
  await page.getByRole('button', { name: 'Begin', exact: true }).click()
  const card = page.getByRole('article', { name: 'A show, or as people do' })
  await expect(card.getByText(/Too early to say/)).toBeVisible()

  const cast = ['philosopher', 'comedian'].map((persona) => ({ persona, provider: 'scripted' }))
  for (const value of [1, 1, -1, 1]) {
    const made = await request.post('/api/v1/conversations', { data: { topic: 'Tea?', cast } })
    const { id } = (await made.json()) as { id: string }
    expect((await request.put(`/api/v1/conversations/${id}/vote`, { data: { value } })).ok()).toBe(true)
    await request.post(`/api/v1/conversations/${id}/stop`)
  }
  await page.reload()
  await expect(card.getByText(/3 liked|2 liked|1 liked/).first()).toBeVisible()
  await accessible(page)
  for (const [width, height] of [
    [360, 740],
    [760, 1024],
    [3840, 2160],
  ] as const) {
    await page.setViewportSize({ width, height })
    await fits(page)
  }
  await card.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click()
  await expect(card.getByText(/^Stopped ·/)).toBeVisible()
})
