import { render } from '@testing-library/react'
import { expect, test } from 'vitest'
import { type Action, allActions, useActions } from './registry.ts'

function Screen({ actions }: { readonly actions: readonly Action[] }) {
  useActions(actions)
  return null
}

const action = (id: Action['id'], run: () => void, when?: () => boolean): Action => ({
  id,
  group: 'view',
  label: id,
  run,
  ...(when ? { when } : {}),
})

test('actions are there while their screen is', () => {
  const screen = render(<Screen actions={[action('a.one', () => {})]} />)
  expect(allActions().map(({ id }) => id)).toEqual(['a.one'])
  screen.unmount()
  expect(allActions()).toEqual([])
})

test('what runs is always what the last render meant', () => {
  const done: string[] = []
  const screen = render(<Screen actions={[action('a.one', () => done.push('before'))]} />)
  screen.rerender(
    <Screen
      actions={[
        action(
          'a.one',
          () => done.push('after'),
          () => done.length === 0,
        ),
      ]}
    />,
  )
  const [registered] = allActions()
  expect(registered?.when?.()).toBe(true)
  void registered?.run()
  expect(done).toEqual(['after'])
  expect(registered?.when?.()).toBe(false)
})

test('the newest screen is asked first', () => {
  render(
    <>
      <Screen actions={[action('house.theme', () => {})]} />
      <Screen actions={[action('stage.theme', () => {})]} />
    </>,
  )
  expect(allActions().map(({ id }) => id)).toEqual(['stage.theme', 'house.theme'])
})
