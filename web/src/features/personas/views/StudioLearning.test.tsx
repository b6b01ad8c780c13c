import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test, vi } from 'vitest'
import type { Remembered, Variant } from '#lib/api/types.ts'
import { persona } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'

withServer()
vi.setConfig({ testTimeout: 20_000 })

const AT = '2026-01-02T00:00:00.000Z'
const NOTES: readonly Remembered[] = ['The lamp was out in March.', 'The Poet laughed at fog.'].map(
  (text, place) => ({
    id: `nte_${place}`,
    text,
    kind: 'claim',
    importance: 0.6,
    from_conversation: 'cnv_1',
    title: 'Fog',
    source: 'msg_1',
    at: AT,
  }),
)
const NOTHING = { assignments: 0, good: 0, bad: 0, low: 0, high: 1 }

/** A persona of one's own with a memory and variants, which change as they are told to. */
function house() {
  const told: string[] = []
  const previewed: string[] = []
  let notes = [...NOTES]
  let variants: Variant[] = []
  const ada = persona('ada', { id: 'per_1', name: 'Ada', own: true, version: 1, voice: 'Dry.' })
  const variant = `${API}/personas/per_1/variants/:variant`
  const note = `${API}/personas/per_1/memory/:note`
  const body = async (what: string, request: Request) => {
    const sent = (await request.json()) as Record<string, unknown>
    told.push(`${what} ${JSON.stringify(sent)}`)
    return sent
  }
  server.use(
    http.get(`${API}/personas/ada`, () => HttpResponse.json(ada)),
    http.post(`${API}/personas/preview`, async ({ request }) => {
      const { persona: card } = (await request.json()) as { persona: { voice: string } }
      previewed.push(card.voice)
      return HttpResponse.json({ system: '', moment: '', tokens: 1, cut: [], alike: [], variables: {} })
    }),
    http.get(`${API}/personas/per_1/memory`, () => HttpResponse.json({ items: notes, next_cursor: null })),
    http.patch(note, async ({ request, params }) => {
      const { text } = await body('edit', request)
      notes = notes.map((each) => (each.id === params.note ? { ...each, text: String(text) } : each))
      return HttpResponse.json(notes[0])
    }),
    http.delete(note, ({ params }) => {
      notes = notes.filter(({ id }) => id !== params.note)
      return new HttpResponse(null, { status: 204 })
    }),
    http.get(`${API}/personas/per_1/variants`, () =>
      HttpResponse.json({
        persona_id: 'per_1',
        trying: variants.some(({ approved }) => approved),
        card: { assignments: 8, good: 5, bad: 3, rate: 0.625, low: 0.31, high: 0.86 },
        items: variants,
      }),
    ),
    http.post(`${API}/personas/per_1/variants`, async ({ request }) => {
      const { label, changes } = (await body('write', request)) as Pick<Variant, 'label' | 'changes'>
      variants = [{ id: 'var_1', label, changes, approved: false, created_at: AT, evidence: NOTHING }]
      return HttpResponse.json(variants[0], { status: 201 })
    }),
    http.patch(variant, async ({ request }) => {
      await body('approve', request)
      variants = variants.map((each) => ({ ...each, approved: true }))
      return HttpResponse.json(variants[0])
    }),
    http.post(`${variant}/adopt`, () => {
      told.push('adopt')
      variants = []
      return HttpResponse.json({ ...ada, version: 2, voice: 'Wet.' })
    }),
  )
  return { told, previewed }
}

test('what it remembers is read, put right and forgotten', async () => {
  const { told } = house()
  const { user } = visit('/studio/ada')
  await user.click(await screen.findByRole('radio', { name: 'Memory' }))
  const list = await screen.findByRole('list', { name: 'Memory' })
  expect(await within(list).findAllByText('from “Fog”')).toHaveLength(2)
  await user.click(within(list).getAllByRole('button', { name: 'Put right' })[0] as HTMLElement)
  const text = within(list).getByRole('textbox', { name: 'Put right' })
  await user.clear(text)
  await user.type(text, 'The lamp was lit.')
  await user.click(within(list).getByRole('button', { name: 'Save' }))
  expect(await within(list).findByText('The lamp was lit.')).toBeVisible()
  expect(told).toEqual(['edit {"text":"The lamp was lit."}'])
  await user.click(within(list).getAllByRole('button', { name: 'Forget' })[1] as HTMLElement)
  await waitFor(() => expect(screen.queryByText('The Poet laughed at fog.')).toBeNull())
})

test('a variant is written, approved, and made the next version', async () => {
  const { told, previewed } = house()
  const { user } = visit('/studio/ada')
  await user.click(await screen.findByRole('radio', { name: 'Variants' }))
  expect(await screen.findByText('Nothing is tried: no variant is approved.')).toBeVisible()
  expect(
    screen.getByRole('img', { name: 'The card as it is: liked in 63 %, between 31 % and 86 %' }),
  ).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Write a variant' }))
  await user.type(screen.getByRole('textbox', { name: 'What to call it' }), 'Rain')
  const side = within(screen.getByRole('complementary'))
  expect(side.getByRole('button', { name: 'Keep as a draft' })).toBeDisabled()
  const voice = side.getByRole('textbox', { name: 'How it talks' })
  await user.clear(voice)
  await user.type(voice, 'Wet.')
  expect(side.getByText('Replaces: How it talks.')).toBeVisible()
  await user.click(side.getByRole('button', { name: 'Keep as a draft' }))
  await user.click(await side.findByRole('button', { name: 'Approve and try' }))
  expect(await side.findByText('Being tried now.')).toBeVisible()
  expect(side.getByRole('img', { name: 'Rain: no votes yet' })).toBeVisible()
  await user.click(side.getByRole('button', { name: 'Make it the next version' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.click(dialog.getByRole('button', { name: 'Make it the next version' }))
  await waitFor(() => expect(screen.getByRole('textbox', { name: 'How it talks' })).toHaveValue('Wet.'))
  expect(told).toEqual([
    'write {"label":"Rain","changes":{"voice":"Wet."}}',
    'approve {"approved":true}',
    'adopt',
  ])
  await waitFor(() => expect(previewed).toContain('Wet.'))
})
