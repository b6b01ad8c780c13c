import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test, vi } from 'vitest'
import { persona } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'

withServer()
// Roles are looked up in a long form: on a busy machine that takes jsdom its time.
vi.setConfig({ testTimeout: 20_000 })

const PREVIEW = {
  system: 'You are Ada.',
  moment: 'Say your next line.',
  tokens: 512,
  cut: ['about'],
  alike: [{ one: 'draft', other: 'comedian', distance: 0.2 }],
  variables: {},
}
const DRIFT = { lines: 4, distance: 1.3, settles_at: 8, reminded_at: 1.06, lost_at: 1.22 }

/** A house with a studio; what is saved and tried there is written down. */
function studioHouse() {
  const asked: { readonly what: string; readonly body: Record<string, unknown> }[] = []
  const note = async (what: string, request: Request) => {
    const body = (await request.json()) as Record<string, unknown>
    asked.push({ what, body })
    return body
  }
  const ada = persona('ada', {
    id: 'per_1',
    name: 'Ada',
    own: true,
    version: 2,
    voice: 'Dry.',
    business: { listening: ['Sits'], eager: ['Leans'], chosen: ['Breathes'], thinking: ['Hums'] },
  })
  server.use(
    http.get(`${API}/personas/ada`, () => HttpResponse.json(ada)),
    http.post(`${API}/personas/preview`, async ({ request }) => {
      const { persona: card } = (await request.json()) as { persona: { about: string } }
      return card.about.includes('{secret}')
        ? HttpResponse.json(
            {
              code: 'invalid',
              detail: 'No.',
              errors: [{ path: 'persona.about', message: 'No such variable.' }],
            },
            { status: 422 },
          )
        : HttpResponse.json(PREVIEW)
    }),
    http.post(`${API}/personas`, async ({ request }) => {
      await note('create', request)
      return HttpResponse.json({ ...ada, version: 1 }, { status: 201 })
    }),
    http.patch(`${API}/personas/per_1`, async ({ request }) => {
      await note('change', request)
      return HttpResponse.json({ ...ada, version: 3 })
    }),
    http.post(`${API}/personas/try`, async ({ request }) => {
      await note('try', request)
      const line = { text: 'Numbers are a kind of weather.', provider: 'scripted', model: 'improv' }
      return HttpResponse.json({
        lines: [{ ...line, by: 'persona', scripted: true }],
        drift: { ...DRIFT, differs: [{ of: 'exclamations', by: 2 }] },
      })
    }),
    http.get(`${API}/personas/per_1/versions`, () =>
      HttpResponse.json({
        items: [
          { version: 2, at: '2026-01-02T00:00:00.000Z', persona: ada },
          { version: 1, at: '2026-01-01T00:00:00.000Z', persona: { ...ada, voice: 'Warm.' } },
        ],
      }),
    ),
  )
  return asked
}

test('a persona is written, seen as a prompt, and saved', async () => {
  const asked = studioHouse()
  const { user, where } = visit('/studio/new')
  await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'Ada')
  expect(await screen.findByText('You are Ada.', {}, { timeout: 5_000 })).toBeVisible()
  expect(screen.getByText('Cut short for a model: Who it is.')).toBeVisible()
  expect(screen.getByText(/sound much like those of The Comedian/)).toBeVisible()
  await user.click(within(screen.getByRole('group', { name: 'Variables: Who it is' })).getByText('{topic}'))
  expect(screen.getByRole('textbox', { name: 'Who it is' })).toHaveValue('{topic}')
  await user.click(screen.getByRole('radio', { name: 'rose' }))
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(where()).toBe('/studio/ada'))
  expect(asked[0]).toMatchObject({ what: 'create', body: { name: 'Ada', about: '{topic}', color: 'rose' } })
})

test('what is wrong with a field is said at the field before anything is saved', async () => {
  studioHouse()
  const { user } = visit('/studio/ada')
  const about = await screen.findByRole('textbox', { name: 'Who it is' })
  await user.type(about, '{{secret}')
  await waitFor(() => expect(about).toBeInvalid())
  expect(screen.getByText('No such variable.')).toBeVisible()
})

test('what was refused is forgotten as soon as it is put right', async () => {
  studioHouse()
  server.use(
    http.patch(`${API}/personas/per_1`, () =>
      HttpResponse.json(
        { code: 'invalid', detail: 'No name.', errors: [{ path: 'name', message: 'No name.' }] },
        { status: 422 },
      ),
    ),
  )
  const { user } = visit('/studio/ada')
  const name = await screen.findByRole('textbox', { name: 'Name' })
  await user.click(screen.getByRole('button', { name: 'Save as the next version' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('No name.')
  expect(name).toBeInvalid()
  await user.type(name, '!')
  expect(name).toBeValid()
  expect(screen.queryByRole('alert')).toBeNull()
})

test('a fork begins with the card of another under a name of its own', async () => {
  const asked = studioHouse()
  const { user } = visit('/studio/new?from=comedian')
  expect(await screen.findByRole('textbox', { name: 'Name' })).toHaveValue('Comedian Two')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(asked[0]?.body).toMatchObject({ forked_from: 'comedian' }))
})

test('one of the house is not edited but forked', async () => {
  studioHouse()
  const { where } = visit('/studio/comedian')
  await waitFor(() => expect(where()).toBe('/studio/new?from=comedian'))
})

test('the try-out answers, and says how far it drifts', async () => {
  const asked = studioHouse()
  const { user } = visit('/studio/ada')
  await user.click(await screen.findByRole('radio', { name: 'Try-out' }))
  await user.type(screen.getByRole('textbox', { name: 'Say something to it' }), 'Hello?{Enter}')
  const log = screen.getByRole('log', { name: 'Try-out' })
  expect(await within(log).findByText('Numbers are a kind of weather.')).toBeVisible()
  expect(asked[0]?.body).toMatchObject({ said: [{ by: 'viewer', text: 'Hello?' }], lines: 1 })
  expect(screen.getByRole('img', { name: '1.30: Has lost its voice' })).toBeVisible()
  expect(screen.getByText(/more exclamations/)).toBeVisible()
})

test('versions differ in words, and an earlier one comes back into the form', async () => {
  const asked = studioHouse()
  const { user } = visit('/studio/ada')
  await user.click(await screen.findByRole('radio', { name: 'Versions' }))
  expect((await screen.findByText('Warm.')).tagName).toBe('DEL')
  expect(screen.getByText('Dry.', { selector: 'ins' })).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Take back into the form' }))
  expect(screen.getByRole('textbox', { name: 'How it talks' })).toHaveValue('Warm.')
  await user.click(screen.getByRole('button', { name: 'Save as the next version' }))
  await waitFor(() => expect(asked[0]?.body).toMatchObject({ voice: 'Warm.', version: 2 }))
})

test('relations, business and the feeling for the audience are edited too', async () => {
  const asked = studioHouse()
  const { user } = visit('/studio/ada')
  await user.selectOptions(await screen.findByRole('combobox', { name: 'Somebody else' }), 'The Poet')
  expect(screen.getByRole('slider', { name: 'The Poet' })).toHaveValue('0.3')
  await user.selectOptions(screen.getByRole('combobox', { name: 'Somebody else' }), 'The Child')
  await user.click(screen.getByRole('button', { name: 'Nothing about The Child' }))
  await user.type(screen.getByRole('textbox', { name: 'Eager' }), '{Enter}Raises a hand')
  await user.type(screen.getByRole('textbox', { name: 'Also called' }), 'Countess')
  await user.click(screen.getByRole('checkbox', { name: 'Its own feeling for the audience' }))
  await user.click(screen.getByRole('checkbox', { name: 'Remembers earlier shows' }))
  await user.click(screen.getByRole('radio', { name: 'Quick and irregular' }))
  await user.click(screen.getByRole('button', { name: 'Save as the next version' }))
  await waitFor(() => expect(asked[0]?.what).toBe('change'))
  expect(asked[0]?.body).toMatchObject({
    relations: { poet: 0.3 },
    business: { listening: ['Sits'], eager: ['Leans', 'Raises a hand'] },
    aliases: ['Countess'],
    traits: { sens: 0.55 },
    remembers: true,
    rhythm: 'quick',
  })
})
