import { expect, test } from 'vitest'
import * as lexer from './blocks.ts'
import { GrowingTexts } from './growing.ts'
import { LazyLexer } from './lazyLexer.ts'
import { EMPTY } from './tree.ts'

async function withLexer(): Promise<GrowingTexts> {
  const lazy = new LazyLexer(() => Promise.resolve(lexer))
  await lazy.want()
  return new GrowingTexts(lazy)
}

test('the same text gives the same blocks', async () => {
  const texts = await withLexer()
  expect(texts.of('a', 'one')).toBe(texts.of('a', 'one'))
  expect(texts.of('b', '')).toBe(EMPTY)
})

test('a longer text keeps the blocks that were closed', async () => {
  const texts = await withLexer()
  const before = texts.of('a', 'one\n\ntwo\n\nthree')
  const after = texts.of('a', 'one\n\ntwo\n\nthree four')
  expect(after.closed[0]).toBe(before.closed[0])
  expect(after.source).toBe('one\n\ntwo\n\nthree four')
})

test('a text said anew begins anew', async () => {
  const texts = await withLexer()
  texts.of('a', 'As a model')
  expect(texts.of('a', 'A joke').source).toBe('A joke')
  expect(texts.of('a', 'Quite another beginning').source).toBe('Quite another beginning')
})

test('a forgotten text is grown from the start', async () => {
  const texts = await withLexer()
  const before = texts.of('a', 'one')
  texts.forget('a')
  expect(texts.of('a', 'one')).not.toBe(before)
})

test('until the lexer is there words stand as written, then they are read anew', async () => {
  const lazy = new LazyLexer(() => Promise.resolve(lexer))
  const texts = new GrowingTexts(lazy)
  const written = texts.of('a', 'so *very*\n\nwell')
  expect(written.open).toMatchObject([{ text: 'so *very*' }, { text: 'well' }])
  expect(texts.of('a', 'so *very*\n\nwell')).toBe(written)
  expect(texts.of('a', 'so *very*\n\nwell!').source).toBe('so *very*\n\nwell!')
  await lazy.want()
  const read = texts.of('a', 'so *very*\n\nwell!')
  expect(read.source).toBe('so *very*\n\nwell!')
  expect([...read.closed, ...read.open]).toMatchObject([
    { type: 'paragraph', tokens: [{ type: 'text' }, { type: 'em' }] },
    { type: 'paragraph' },
  ])
})
