import { accessible, expect, lines, play, test } from './support/house.ts'

test('a viewer speaks to one of them and that one answers next', async ({ page, request }) => {
  const { id } = await play(request, 'Can a machine tell a joke?')
  await page.goto(`/c/${id}`)
  await expect(lines(page).first()).toBeVisible()

  await page.keyboard.press('/')
  const field = page.getByRole('combobox', { name: /say something/i })
  await expect(field).toBeFocused()
  await page.keyboard.type('@Com')
  await page.keyboard.press('Enter')
  await expect(field).toHaveValue(/@\S*Comedian\s$/)
  await page.keyboard.type('what makes a joke funny?')
  await page.keyboard.press('Enter')
  await expect(field).toHaveValue('')

  const mine = lines(page).filter({ hasText: 'what makes a joke funny?' })
  await expect(mine).toBeVisible()
  await expect(mine).toContainText('from the stalls')

  await expect
    .poll(
      async () => {
        const answer = await request.get(`/api/v1/conversations/${id}/messages?limit=200`)
        const { items } = (await answer.json()) as { items: { text: string; author: { name: string } }[] }
        const asked = items.findIndex(({ text }) => text.includes('what makes a joke funny?'))
        return asked < 0 ? null : (items[asked + 1]?.author.name ?? null)
      },
      { timeout: 40_000 },
    )
    .toBe('The Comedian')
  await accessible(page)
})

test('what is too long to be said is kept and not sent', async ({ page, request }) => {
  const { id } = await play(request, 'How long is too long?')
  await page.goto(`/c/${id}`)
  const field = page.getByRole('combobox', { name: /say something/i })
  await field.fill('a'.repeat(501))
  await field.press('Enter')
  await expect(page.getByText(/too many|too long/i).first()).toBeVisible()
  await expect(field).toHaveValue('a'.repeat(501))
})
