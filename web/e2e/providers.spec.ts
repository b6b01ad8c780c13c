import type { APIRequestContext, Page } from '@playwright/test'
import { accessible, expect, finished, fits, lines, play, script } from './support/house.ts'
import { KEY, test } from './support/ownHouse.ts'

const card = (page: Page, title: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('button', { name: title, exact: true }) })

async function putKey(request: APIRequestContext, name: string, data: object): Promise<void> {
  const answer = await request.put(`/api/v1/providers/${name}/credential`, { data })
  expect(answer.ok(), await answer.text()).toBe(true)
}

const cast = (mind: object) =>
  ['philosopher', 'comedian', 'scientist'].map((persona) => ({ persona, ...mind }))
const OPENAI = { provider: 'openai', model: 'gpt-5-mini' }

// Journeys of one worker share a house, which each leaves as it found it.
test.afterEach(async ({ own, request }) => {
  own.openai.mood = 'well'
  own.local.mood = 'well'
  await request.delete('/api/v1/providers/openai/credential')
  await request.delete('/api/v1/providers/compatible/credential')
  await request.patch('/api/v1/house', {
    data: {
      paid_calls: true,
      record_calls: false,
      budgets: { house_day: null, provider_day: {}, conversation_default: null },
    },
  })
})

test('a house without a key says what it needs', async ({ page }) => {
  await page.goto('/settings')
  await page.getByRole('link', { name: 'Keys, models and spending' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Providers' })).toBeVisible()
  await expect(card(page, 'OpenAI')).toContainText('Needs a key')
  await expect(page.getByText('Only the troupe can play so far.')).toBeVisible()
  await expect(page.getByText('Nothing was spent.')).toBeVisible()
  await accessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await fits(page)
  await accessible(page)
})

test('a wrong key is told in place, and never stored', async ({ page }) => {
  await page.goto('/admin/providers')
  await page.getByRole('button', { name: 'OpenAI', exact: true }).click()
  const openai = card(page, 'OpenAI')
  await openai.getByLabel('Key: OpenAI').fill('sk-wrong-wrong-wrong-0000')
  await openai.getByRole('button', { name: 'Test' }).click()
  await expect(openai.getByRole('status')).toContainText(/refused/i)
  // A test stores nothing.
  await expect(openai).toContainText('Needs a key')

  await openai.getByRole('button', { name: 'Save', exact: true }).first().click()
  await expect(openai.getByRole('status')).toContainText('Nothing was saved.')
  await expect(openai.locator('.provider-card-state')).toHaveText('Needs a key')
  await expect(page.getByText('sk-wrong')).toHaveCount(0)
  await accessible(page)
})

test('a key is set, a persona is cast on a model, and its line bears the model’s name', async ({
  page,
  own,
}) => {
  await page.goto('/admin/providers?open=openai')
  const openai = card(page, 'OpenAI')
  await openai.getByLabel('Key: OpenAI').fill(KEY)
  await openai.getByRole('button', { name: 'Save', exact: true }).first().click()
  await expect(openai.locator('.provider-card-state')).toHaveText('Ready')
  await expect(openai.getByRole('status')).toContainText('It answers')
  await expect(openai).toContainText(KEY.slice(-4))
  await expect(openai.getByRole('rowheader', { name: /gpt-5-mini/ })).toBeVisible()
  await accessible(page)
  const record = page.getByRole('checkbox', { name: 'Record what models are asked and answer' })
  await record.click({ force: true })
  await expect(record).toBeChecked()

  await page.goto('/new')
  await page.getByRole('textbox', { name: 'Topic' }).fill('What is a key for?')
  for (const name of ['Philosopher', 'Comedian', 'Scientist']) {
    await page.getByRole('button', { name: `Mind of the ${name}` }).click()
    const picker = page.getByRole('dialog', { name: `Mind of the ${name}` })
    await picker.getByPlaceholder('Search models').fill('mini')
    if (name === 'Comedian') await accessible(page)
    await picker.getByRole('option', { name: /gpt-5-mini/ }).click()
  }
  await expect(page.getByRole('button', { name: 'Mind of the Poet' })).toHaveCount(0)
  await expect(page.getByText(/for 1,000 lines/).first()).toBeVisible()
  await expect(page.getByText(/about \$/)).toBeVisible()
  await page.getByRole('button', { name: 'Start', exact: true }).click()

  const badge = script(page).getByRole('button', { name: 'gpt-5-mini' }).first()
  await expect(badge).toBeVisible({ timeout: 45_000 })
  expect(own.openai.asked.length).toBeGreaterThan(0)
  await badge.click()
  const behind = page.getByRole('dialog', { name: /Behind the line/ })
  await expect(behind).toContainText('gpt-5-mini, OpenAI')
  await expect(behind.getByText('System prompt')).toBeVisible()
  await expect(behind).not.toContainText(KEY)
  await accessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Pause', exact: true }).click()

  await page.goto('/admin/providers')
  await expect(page.getByRole('img', { name: /in 30 days/ })).toBeVisible()
  await expect(page.getByRole('link', { name: 'What is a key for?' })).toBeVisible()
  await accessible(page)
})

test('when the line drops, another reads, and the stage says so', async ({ page, own, request }) => {
  await putKey(request, 'openai', { api_key: KEY })
  await putKey(request, 'compatible', { base_url: own.local.address })
  own.openai.mood = 'down'
  const { id } = await play(request, 'Who reads when nobody can?', { cast: cast(OPENAI) })
  await page.goto(`/c/${id}`)
  await expect(
    script(page)
      .getByText(/\[The line dropped; .+ reads the \w+\.\]/)
      .first(),
  ).toBeVisible({
    timeout: 60_000,
  })
  await expect(lines(page).filter({ hasText: 'Read by' }).first()).toContainText('for gpt-5-mini')
  await accessible(page)
})

test('a spent budget rests the show and leads to the budgets', async ({ page, request }) => {
  await putKey(request, 'openai', { api_key: KEY })
  await page.goto('/admin/providers')
  await page.getByLabel('The house, a day').fill('0.0001')
  await page.getByRole('button', { name: 'Save', exact: true }).last().click()
  await expect(page.getByText('of $0.0001').first()).toBeVisible()
  const { id } = await play(request, 'What does a word cost?', { cast: cast(OPENAI) })
  await page.goto(`/c/${id}`)
  await expect(script(page).getByText('The budget is spent.')).toBeVisible({ timeout: 45_000 })
  await expect(script(page).getByRole('link', { name: 'Look at the budgets' })).toBeVisible()
  await expect(page.getByRole('combobox', { name: /say something/i })).toBeEnabled()
  await accessible(page)
})

test('one switch stops all paid calls', async ({ page, request }) => {
  await putKey(request, 'openai', { api_key: KEY })
  await page.goto('/admin/providers')
  // What another journey did to its breaker is remembered.
  await expect(card(page, 'OpenAI').locator('.provider-card-state')).toHaveText(
    /Ready|Not asked yet|tried again|Resting/,
  )
  await page.getByRole('checkbox', { name: 'Stop all paid calls' }).check({ force: true })
  await expect(card(page, 'OpenAI')).toContainText('Held: paid calls are stopped')
  const answer = await request.get('/api/v1/house')
  expect(((await answer.json()) as { paid_calls: boolean }).paid_calls).toBe(false)
})

test('a picture is held up, seen small, looked at large', async ({ page, request }) => {
  const { id } = await play(request, 'What do you see?')
  await page.goto(`/c/${id}`)
  await expect(finished(page).first()).toBeVisible({ timeout: 30_000 })
  // A picture larger than anybody needs, drawn here.
  const data = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 2400, height: 1200 })
    canvas.getContext('2d')?.fillRect(0, 0, 1200, 1200)
    return canvas.toDataURL('image/png').split(',')[1] as string
  })
  await page.getByLabel('Show a picture').setInputFiles([
    { name: 'large.png', mimeType: 'image/png', buffer: Buffer.from(data, 'base64') },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') },
  ])
  await expect(page.getByRole('img', { name: 'Picture 1' })).toBeVisible()
  await expect(page.getByText('Pictures only: PNG, JPEG, WebP or GIF.')).toBeVisible()
  await accessible(page)
  await page.getByRole('button', { name: 'Send' }).click()
  const shown = script(page).getByRole('img', { name: /A picture from/ })
  await expect(shown).toBeVisible()
  await expect(page.getByRole('list', { name: 'Pictures to show' })).toHaveCount(0)
  // Shrunk before it was sent.
  await expect(shown).toHaveAttribute('width', '1568')
  await expect.poll(() => shown.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(1568)
  await shown.click()
  const large = page.getByRole('dialog', { name: /A picture from/ })
  await expect(large.getByRole('img')).toBeVisible()
  await accessible(page)
})
