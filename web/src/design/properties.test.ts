import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

// Biome's own rule for this (nursery/noUndeclaredCustomProperties) took over a minute for what takes this test milliseconds.
const root = new URL('..', import.meta.url)
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.(?:css|tsx)$/.test(name),
)
const sources = files.map((name) => ({ name, text: readFileSync(new URL(name, root), 'utf8') }))
const declared = new Set(
  sources.flatMap(({ text }) => [...text.matchAll(/(--[\w-]+)['"]?\s*:/g)].map(([, property]) => property)),
)

test.each(sources.filter(({ text }) => text.includes('var(--')))(
  '$name uses only custom properties that somebody declares',
  ({ text }) => {
    const used = [...text.matchAll(/var\((--[\w-]+)/g)].map(([, property]) => property)
    expect(used.filter((property) => !declared.has(property))).toEqual([])
  },
)
