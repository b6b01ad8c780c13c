import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOutside, safeAddress } from './links.ts'

test.each([
  'https://example.org/a?b#c',
  'http://example.org',
  'mailto:a@example.org',
  '/library',
  '#top',
  'HTTPS://X.org',
])('%s is followed', (href) => expect(safeAddress(href)).toBe(href))

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  ' \u0001javascript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  '//evil.example',
  '/\t/evil.example',
  '/\\evil.example',
  'file:///etc/passwd',
  'x:y',
  '',
  'streamdown:incomplete-link',
  'relative/path',
])('%j is not', (href) => expect(safeAddress(href)).toBeNull())

test('whatever is followed has one of the schemes we know', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', 'javascript:', 'https://', '/', '#', 'data:'),
      (rest, start) => {
        const address = safeAddress(start + rest)
        if (address === null || !URL.canParse(address, 'https://house.example')) return
        expect(['http:', 'https:', 'mailto:']).toContain(new URL(address, 'https://house.example').protocol)
        if (address.startsWith('/'))
          expect(new URL(address, 'https://house.example').host).toBe('house.example')
      },
    ),
  )
})

test('what leaves the house is told apart', () => {
  expect(['https://a.b', 'mailto:a@b', '/x', '#y'].map(isOutside)).toEqual([true, true, false, false])
})
