import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { provider } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { KEY, OPENAI, office } from '#testing/office.ts'

withServer()

test('a key is tested before it is stored, then stored and tested, and never shown', async () => {
  const asked = office([OPENAI])
  const { user, where } = visit('/admin/providers')
  await user.click(await screen.findByRole('button', { name: 'OpenAI' }))
  expect(where()).toBe('/admin/providers?open=openai')
  const field = await screen.findByLabelText('Key: OpenAI')
  expect(field).toHaveAttribute('type', 'password')
  await user.type(field, 'wrong-one')
  await user.click(screen.getByRole('button', { name: 'Test' }))
  expect(await screen.findByText('The key was refused.')).toBeVisible()
  expect(asked).toEqual(['POST /providers/openai/check {"api_key":"wrong-one"}'])
  await user.clear(field)
  await user.type(field, 'sk-good{Enter}')
  expect(await screen.findByText('Saved. It answers, in 231 ms.')).toBeVisible()
  expect(asked.slice(1)).toEqual([
    'POST /providers/openai/check {"api_key":"sk-good"}',
    'PUT /providers/openai/credential {"api_key":"sk-good"}',
    'POST /providers/openai/check ',
  ])
  expect(field).toHaveValue('')
})

test('a stored key is known by its end, and asked about before it is removed', async () => {
  const asked = office([{ ...OPENAI, state: 'ready', credential: KEY, models: ['gpt'] }])
  const { user } = visit('/admin/providers?open=openai')
  expect(await screen.findByText('···· k3Qz')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Remove the key' }))
  const dialog = await screen.findByRole('dialog', { name: 'Remove the key of OpenAI?' })
  await user.click(within(dialog).getByRole('button', { name: 'Remove the key' }))
  await waitFor(() => expect(asked).toEqual(['DELETE /providers/openai/credential ']))
})

test('a refused key takes no other’s place; one that nobody could test may be saved anyway', async () => {
  const asked = office([{ ...OPENAI, state: 'ready', credential: KEY, models: ['gpt'] }])
  const { user } = visit('/admin/providers?open=openai')
  const field = await screen.findByLabelText('Key: OpenAI')
  await user.type(field, 'wrong-one{Enter}')
  expect(
    await screen.findByText('The key was refused. Nothing was saved; the key before it stays.'),
  ).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Save anyway' })).toBeNull()
  await user.clear(field)
  await user.type(field, 'deaf-one{Enter}')
  await user.click(await screen.findByRole('button', { name: 'Save anyway' }))
  expect(await screen.findByText('Saved. It answers, in 231 ms.')).toBeVisible()
  expect(asked).toEqual([
    'POST /providers/openai/check {"api_key":"wrong-one"}',
    'POST /providers/openai/check {"api_key":"deaf-one"}',
    'PUT /providers/openai/credential {"api_key":"deaf-one"}',
    'POST /providers/openai/check ',
  ])
})

test('a refusal of an address is told in the house’s own words', async () => {
  office([provider('compatible', { title: 'Compatible server', state: 'unset' })])
  server.use(
    http.put(`${API}/providers/compatible/credential`, () =>
      HttpResponse.json({ code: 'invalid', detail: 'This address is not allowed.' }, { status: 422 }),
    ),
  )
  const { user } = visit('/admin/providers?open=compatible')
  await user.type(await screen.findByLabelText('Address'), 'http://10.0.0.1/v1{Enter}')
  expect(await screen.findByText('This address is not allowed.')).toBeVisible()
})
