#!/usr/bin/env node
/** Puts the styles of the first picture into dist/index.html: it is painted without waiting for a second answer. */
import { readFileSync, writeFileSync } from 'node:fs'

const dist = new URL('../dist/', import.meta.url)
const page = new URL('index.html', dist)
const LINK = /<link rel="stylesheet"[^>]*\bhref="\/(assets\/index-[\w-]+\.css)"[^>]*>/

const source = readFileSync(page, 'utf8')
const file = LINK.exec(source)?.[1]
if (!file) throw new Error('dist/index.html names no stylesheet of its own: its form has changed')
const css = readFileSync(new URL(file, dist), 'utf8').trim()
if (/<\/style|@import|url\((?!['"]?\/)/i.test(css)) throw new Error(`${file} cannot stand inside a page`)
writeFileSync(
  page,
  source.replace(LINK, () => `<style nonce="__CSP_NONCE__">${css}</style>`),
)
console.log(`put ${(css.length / 1000).toFixed(1)} kB of styles into index.html`)
