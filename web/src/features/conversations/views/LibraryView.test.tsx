import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { conversation } from '#testing/fixtures.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'

withServer()

test('it goes on where the first page ended', async () => {
  server.use(
    http.get(`${API}/conversations`, ({ request }) => {
      const cursor = new URL(request.url).searchParams.get('cursor')
      return HttpResponse.json(
        cursor === 'two'
          ? { items: [conversation('cnv_b', { title: 'On coffee' })], next_cursor: null }
          : { items: [conversation('cnv_a', { title: 'On tea' })], next_cursor: 'two' },
      )
    }),
  )
  const { user } = visit('/library')
  expect(await screen.findByRole('link', { name: /On tea/ })).toHaveAttribute('href', '/c/cnv_a')
  await user.click(screen.getByRole('button', { name: 'Show more' }))
  expect(await screen.findByRole('link', { name: /On coffee/ })).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Show more' })).not.toBeInTheDocument()
})

test('words and state are asked of the server and kept in the address', async () => {
  const asked: string[] = []
  server.use(
    http.get(`${API}/conversations`, ({ request }) => {
      const { searchParams } = new URL(request.url)
      asked.push(`${searchParams.get('q') ?? ''}/${searchParams.get('status') ?? ''}`)
      return HttpResponse.json({ items: [], next_cursor: null })
    }),
  )
  const { user, where } = visit('/library')
  await user.type(await screen.findByRole('searchbox'), 'tea')
  await user.click(screen.getByRole('radio', { name: 'Ended' }))
  await expect.poll(() => asked.at(-1)).toBe('tea/ended')
  await expect.poll(where).toBe('/library?q=tea&status=ended')
  await user.click(await screen.findByRole('button', { name: 'Show everything' }))
  await expect.poll(where).toBe('/library')
  expect(screen.getByRole('searchbox')).toHaveValue('')
})

test('an empty library says what it is for', async () => {
  visit('/library')
  expect(await screen.findByRole('heading', { name: 'Nothing has been played yet.' })).toBeVisible()
  expect(screen.getByRole('link', { name: 'Start a conversation' })).toHaveAttribute('href', '/new')
})

test('a failure can be tried again', async () => {
  server.use(
    http.get(
      `${API}/conversations`,
      () => HttpResponse.json({ detail: 'The database is away.' }, { status: 400 }),
      { once: true },
    ),
  )
  const { user } = visit('/library')
  expect(await screen.findByRole('alert')).toHaveTextContent('The database is away.')
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('Nothing has been played yet.')).toBeVisible()
})
