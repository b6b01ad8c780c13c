import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { allActions } from '#actions/registry.ts'
import { prefer, preferences } from '#lib/preferences.ts'
import { visit, withServer } from '#testing/house.tsx'

withServer()

test('every room has a door, and the one we are in is marked', async () => {
  visit('/casting')
  const rooms = await screen.findByRole('navigation', { name: 'Rooms' })
  expect(
    within(rooms)
      .getAllByRole('link')
      .slice(1)
      .map(({ textContent }) => textContent),
  ).toEqual(['Live', 'Library', 'Start', 'Casting', 'Admin', 'Settings'])
  expect(within(rooms).getByRole('link', { current: 'page' })).toHaveTextContent('Casting')
})

test('an address behind which there is nothing says so', async () => {
  visit('/nowhere')
  expect(await screen.findByRole('heading', { level: 1, name: 'Nothing is playing here.' })).toBeVisible()
})

test('a persona nobody knows says so', async () => {
  visit('/casting/nobody')
  expect(await screen.findByRole('heading', { level: 1, name: 'Nothing is playing here.' })).toBeVisible()
})

test('two keys go to a room, but not while somebody writes', async () => {
  const { user, where } = visit('/casting')
  const search = await screen.findByRole('searchbox')
  await user.type(search, 'gs')
  expect(where()).toBe('/casting')
  search.blur()
  await user.keyboard('gs')
  expect(await screen.findByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()
})

test('single keys can be switched off, the palette’s key cannot', async () => {
  const { user, where } = visit('/settings')
  await user.click(await screen.findByRole('checkbox', { name: 'Single-key shortcuts' }))
  expect(preferences().shortcuts).toBe(false)
  await user.keyboard('gc')
  expect(where()).toBe('/settings')
  await user.keyboard('{Control>}k{/Control}')
  expect(await screen.findByRole('dialog')).toBeVisible()
})

test('every action is in the palette, and doing one closes it', async () => {
  const { user } = visit('/settings')
  await screen.findByRole('heading', { level: 1 })
  prefer({ shortcuts: true })
  await user.keyboard('{Control>}k{/Control}')
  const palette = await screen.findByRole('dialog')
  const others = allActions().filter(({ id }) => id !== 'view.palette')
  for (const { label } of others) expect(await within(palette).findByText(label)).toBeVisible()
  await user.keyboard('casting{Enter}')
  expect(await screen.findByRole('heading', { level: 1, name: 'Casting' })).toBeVisible()
  expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
})

test('ids and keys of actions are their own', async () => {
  visit('/settings')
  await screen.findByRole('heading', { level: 1 })
  const ids = allActions().map(({ id }) => id)
  const keys = allActions().flatMap((action) => action.keys ?? [])
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(keys).size).toBe(keys.length)
})

test('the help sheet names every key', async () => {
  const { user } = visit('/settings')
  await screen.findByRole('heading', { level: 1 })
  await user.keyboard('?')
  const help = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })
  for (const { label, keys } of allActions()) if (keys) expect(within(help).getByText(label)).toBeVisible()
})
