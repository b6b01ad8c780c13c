import fc from 'fast-check'
import { expect, test } from 'vitest'
import { grow, whole } from './blocks.ts'
import { EMPTY } from './tree.ts'

const piece = fc.constantFrom(
  'word ',
  'two words',
  '\n',
  '\n\n',
  '# ',
  '## T\n',
  '- ',
  '- item\n',
  '  - sub\n',
  '1. ',
  '2. b\n',
  '> ',
  '> q\n',
  '```\n',
  '```js\ncode()\n```\n',
  '    ind\n',
  '| a | b |\n',
  '|---|---|\n',
  '| 1 | 2 |\n',
  '**',
  '*',
  '_',
  '`',
  '~~',
  '[a](http://x)',
  '[x]',
  '](',
  '---\n',
  '===\n',
  '$x$',
  '$$',
  '$5 ',
  '&amp;',
  '<b>',
  '</b>',
  '<div>\n',
  '</div>\n',
  '![i](u)',
  '\\*',
  '  \n',
  '\t',
  'http://ex.org ',
  '- [ ] todo\n',
  '<!-- c -->\n',
  '~~~\n',
  '😀',
)
const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
const tree = (tokens: unknown) => JSON.parse(JSON.stringify(tokens))
/** On a machine that is busy with other things. */
const SLOW_MS = 30_000
const numRuns = Number(process.env.RUNS ?? 500)

function grown(source: string, cuts: readonly number[]) {
  let blocks = EMPTY
  let at = 0
  for (const cut of cuts) {
    const next = Math.min(source.length, at + cut + 1)
    blocks = grow(blocks, source.slice(at, next))
    at = next
  }
  return grow(blocks, source.slice(at))
}

test(
  'any split gives the blocks of the whole text',
  () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(40), { maxLength: 60 }), (source, cuts) => {
        const blocks = grown(source, cuts)
        expect(blocks.source).toBe(source)
        expect(tree([...blocks.closed, ...whole(blocks.rest)])).toEqual(tree(whole(source)))
      }),
      { numRuns },
    )
  },
  SLOW_MS,
)

test(
  'one code unit at a time gives the blocks of the whole text',
  () => {
    fc.assert(
      fc.property(text, (source) => {
        const blocks = grown(
          source,
          Array.from({ length: source.length }, () => 0),
        )
        expect(tree([...blocks.closed, ...whole(blocks.rest)])).toEqual(tree(whole(source)))
      }),
      { numRuns },
    )
  },
  SLOW_MS,
)

test('an input on which the lexer throws is shown as it is', () => {
  const blocks = grow(EMPTY, '2. b\n\t> 2. b\nword ')
  expect(blocks.open).toHaveLength(1)
  expect(whole('2. b\n\t> 2. b\nword')).toHaveLength(1)
})

test('nothing said changes nothing', () => {
  const blocks = grow(EMPTY, 'word')
  expect(grow(blocks, '')).toBe(blocks)
})

const formulas = (source: string) =>
  (whole(source)[0] as { tokens: { type: string; text: string }[] }).tokens
    .filter(({ type }) => type === 'formula')
    .map(({ text: inner }) => inner)

test('formulas stand between dollar signs, money does not', () => {
  expect(formulas('so $-\\log_2 p$ and $$e = mc^2$$ hold')).toEqual(['-\\log_2 p', 'e = mc^2'])
  expect(formulas('it costs $5 and $6, or $7-$8, or $ x $')).toEqual([])
})

test('complete lines on which the lexer throws stay open, as they are', () => {
  const blocks = grow(EMPTY, '2. b\n\t> 2. b\nword\n\nnext\n\n')
  expect(blocks.rest).toBe(blocks.source)
  expect(blocks.open[0]?.raw).toContain('word')
})

test('what the lexer rewrites is not closed', () => {
  const blocks = grow(EMPTY, 'one\r\ntwo\r\n\r\nthree\n\nfour\n')
  expect(blocks.rest).toContain('four')
})
