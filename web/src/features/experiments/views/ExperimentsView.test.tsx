import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { Experiment } from '#lib/api/types.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'

withServer()

const AT = '2026-01-02T00:00:00.000Z'

function experiment(part: Partial<Experiment> = {}): Experiment {
  const evidence = { assignments: 60, good: 30, bad: 20, rate: 0.6, low: 0.46, high: 0.73 }
  return {
    id: 'exp_1',
    name: 'A show, or as people do',
    unit: 'viewer',
    status: 'running',
    verdict: 'running',
    arms: [
      { setup: { director: 'show' }, evidence },
      { setup: { director: 'human' }, evidence: { ...evidence, good: 35, bad: 15, rate: 0.7 } },
    ],
    difference: 0.1,
    lambda: 1.7,
    decides_at: 20,
    least: 30,
    ratio_chance: 0.9,
    course: [
      { judged: 40, difference: 0.05, lambda: 0.8 },
      { judged: 100, difference: 0.1, lambda: 1.7 },
    ],
    created_at: AT,
    ...part,
  }
}

function house(...items: readonly Experiment[]) {
  const told: unknown[] = []
  let kept = [...items]
  server.use(
    http.get(`${API}/experiments`, () => HttpResponse.json({ items: kept })),
    http.post(`${API}/experiments`, async ({ request }) => {
      told.push(await request.json())
      kept = [experiment({ course: [] })]
      return HttpResponse.json(kept[0], { status: 201 })
    }),
    http.post(`${API}/experiments/exp_1/stop`, () => {
      kept = [experiment({ status: 'stopped', stopped_at: AT })]
      return HttpResponse.json(kept[0])
    }),
  )
  return told
}

test('nothing is compared until somebody begins', async () => {
  const told = house()
  const { user } = visit('/admin/experiments')
  await user.click(await screen.findByRole('button', { name: 'Compare the two directors' }))
  expect(screen.getByRole('textbox', { name: 'What it is called' })).toHaveValue('A show, or as people do')
  await user.click(screen.getByRole('radio', { name: 'each viewer' }))
  await user.click(screen.getByRole('button', { name: 'Begin' }))
  await screen.findByRole('article', { name: 'A show, or as people do' })
  expect(told).toEqual([
    {
      name: 'A show, or as people do',
      unit: 'viewer',
      arms: [{ director: 'show' }, { director: 'human' }],
    },
  ])
  expect(screen.getByText('The course appears with the first votes.')).toBeVisible()
})

test('two arms that say the same are not begun', async () => {
  house()
  const { user } = visit('/admin/experiments')
  await user.click(await screen.findByRole('button', { name: 'Compare the two directors' }))
  await user.click(screen.getByRole('radio', { name: 'Tempo' }))
  expect(screen.getByRole('button', { name: 'Begin' })).toBeEnabled()
  await user.selectOptions(screen.getByRole('combobox', { name: 'Arm B' }), 'stream')
  expect(screen.getByRole('button', { name: 'Begin' })).toBeDisabled()
})

test('what is found is said in words, drawn, and told in a table; it can be stopped', async () => {
  house(experiment())
  const { user } = visit('/admin/experiments')
  const card = within(await screen.findByRole('article', { name: 'A show, or as people do' }))
  expect(card.getByText('Nothing is decided yet; what is seen may still be chance.')).toBeVisible()
  expect(card.getByRole('img', { name: 'Arm B: liked in 70.0 %, between 46.0 % and 73.0 %' })).toBeVisible()
  expect(
    card.getByRole('img', { name: /^2 looks up to 100 votes: the difference is now 10.0/ }),
  ).toBeVisible()
  expect(card.getByText('B +10.0 points', { selector: 'dd' })).toBeVisible()
  await user.click(card.getByText('As a table'))
  expect(card.getAllByRole('row')).toHaveLength(3)
  await user.click(card.getByRole('button', { name: 'Stop' }))
  await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Stop' }))
  await waitFor(() => expect(screen.getByText(/^Stopped/)).toBeVisible())
  expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull()
})

test.each([
  [{ verdict: 'decided', better: 1, difference: 0.1 }, 'Arm B is better, by 10.0 points.'],
  [{ verdict: 'broken_ratio' }, /not given out evenly/],
  [{ least: 60 }, 'Too early to say: 10 more votes are needed.'],
] as const)('a verdict in words: %o', async (part, said) => {
  house(experiment(part))
  visit('/admin/experiments')
  expect(await screen.findByText(said)).toBeVisible()
})

test('a house that does not answer says so, and is asked again', async () => {
  server.use(http.get(`${API}/experiments`, () => HttpResponse.json({ detail: 'Not now.' }, { status: 503 })))
  const { user } = visit('/admin/experiments')
  expect(await screen.findByText('Not now.')).toBeVisible()
  house(experiment())
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByRole('article')).toBeVisible()
})
