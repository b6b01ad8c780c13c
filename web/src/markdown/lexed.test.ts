import { expect, test } from 'vitest'
import * as lexer from './blocks.ts'
import { LazyLexer } from './lazyLexer.ts'
import { LexedTexts } from './lexed.ts'

async function ready(): Promise<LazyLexer> {
  const lazy = new LazyLexer(() => Promise.resolve(lexer))
  await lazy.want()
  return lazy
}

test('a text is lexed once while it is remembered', async () => {
  const texts = new LexedTexts(await ready())
  expect(texts.of('# one')).toBe(texts.of('# one'))
})

test('the text used longest ago is forgotten first', async () => {
  const texts = new LexedTexts(await ready(), 2)
  const first = texts.of('one')
  texts.of('two')
  texts.of('one')
  texts.of('three')
  expect(texts.size).toBe(2)
  expect(texts.of('one')).toBe(first)
})

test('what is read roughly is not remembered', async () => {
  const lazy = new LazyLexer(() => Promise.resolve(lexer))
  const texts = new LexedTexts(lazy)
  expect(texts.of('# one')).toMatchObject([{ type: 'text', text: '# one' }])
  await lazy.want()
  expect(texts.of('# one')).toMatchObject([{ type: 'heading' }])
})
