#!/usr/bin/env node
/** Writes into dist/index.html what each script and stylesheet it names must be, so that nothing else is run. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

const dist = new URL('../dist/', import.meta.url)
const page = new URL('index.html', dist)
const TAG = /<(?:script|link)\b[^>]*\b(?:src|href)="\/(assets\/[\w.-]+\.(?:js|css))"(?![^>]*\bintegrity=)/g

let named = 0
const sealed = readFileSync(page, 'utf8').replace(TAG, (tag, file) => {
  const hash = createHash('sha384')
    .update(readFileSync(new URL(file, dist)))
    .digest('base64')
  named += 1
  return `${tag} integrity="sha384-${hash}"`
})
if (named === 0) throw new Error('dist/index.html names no script: its form has changed')
writeFileSync(page, sealed)
console.log(`sealed ${named} tags of index.html`)
