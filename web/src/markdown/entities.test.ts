import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode } from './entities.ts'

test('references become their characters', () => {
  expect(decode('a &amp; b &#8212; &#x1F3AD; &mdash; &lt;b&gt;')).toBe('a & b — 🎭 — <b>')
})

test('what is no reference stands as written', () => {
  expect(decode('AT&T, &unknown; &#; &amp')).toBe('AT&T, &unknown; &#; &amp')
  expect(decode('plain')).toBe('plain')
})

test('impossible characters are replaced, never thrown', () => {
  expect(decode('&#0;&#xD800;&#x110000;')).toBe('\ufffd\ufffd\ufffd')
  fc.assert(fc.property(fc.string(), fc.nat(), (text, code) => void decode(`${text}&#${code};${text}`)))
})
