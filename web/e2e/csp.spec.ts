import { expect, lines, play, test } from './support/house.ts'

// Every test of this suite fails on a violation (see support/house.ts); this one opens all that injects styles or scripts.
test('no page, dialog, menu or notice breaks the content security policy', async ({ page, request }) => {
  const { id } = await play(request, 'What is a rule for?')
  const answer = await page.goto(`/c/${id}`)
  const policy = answer?.headers()['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  await expect(lines(page).first()).toBeVisible()

  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /pace/i }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /more/i }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  await page.keyboard.press('Escape')

  for (const path of ['/new', '/library', '/casting', '/casting/poet', '/admin/providers', '/settings']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  }
  await page.getByRole('button', { name: 'Reset to the house’s own' }).click()
  await expect(page.getByText('Everything is as the house has it.')).toBeVisible()
})

test('a violation would be noticed', async ({ page }) => {
  await page.goto('/settings')
  const seen = page.evaluate(
    () =>
      new Promise((resolve) =>
        document.addEventListener(
          'securitypolicyviolation',
          ({ violatedDirective }) => resolve(violatedDirective),
          { once: true, capture: true },
        ),
      ),
  )
  test.info().annotations.push({ type: 'expected', description: 'a style without the nonce' })
  await page.evaluate(() => {
    // This one is provoked, and must not count.
    document.addEventListener('securitypolicyviolation', (event) => event.stopImmediatePropagation(), {
      capture: true,
      once: true,
    })
    const style = document.createElement('style')
    style.textContent = 'body { color: red }'
    document.head.append(style)
  })
  expect(await seen).toMatch(/^style-src/)
})
