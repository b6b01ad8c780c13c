import { expect, test } from 'vitest'
import * as lexer from './blocks.ts'
import { LazyLexer } from './lazyLexer.ts'

test('it is fetched once, and those who wait are told', async () => {
  let fetches = 0
  let told = 0
  const lazy = new LazyLexer(() => {
    fetches += 1
    return Promise.resolve(lexer)
  })
  const leave = lazy.subscribe(() => {
    told += 1
  })
  expect(lazy.current()).toBeNull()
  await Promise.all([lazy.want(), lazy.want()])
  await lazy.want()
  expect(lazy.current()).toBe(lexer)
  expect([fetches, told]).toEqual([1, 1])
  leave()
})

test('a fetch that failed is made again when somebody asks', async () => {
  let online = false
  const lazy = new LazyLexer(() => (online ? Promise.resolve(lexer) : Promise.reject(new Error('offline'))))
  await lazy.want()
  expect(lazy.current()).toBeNull()
  online = true
  await lazy.want()
  expect(lazy.current()).toBe(lexer)
})

test('who has left is told nothing', async () => {
  const lazy = new LazyLexer(() => Promise.resolve(lexer))
  lazy.subscribe(() => expect.unreachable())()
  await lazy.want()
})
