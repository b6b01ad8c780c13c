#!/usr/bin/env node
/** Holds the built app to its sizes (Brotli): prints a table and fails on excess. Without a build there is nothing to hold. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { exit } from 'node:process'
import { brotliCompressSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url)
if (!existsSync(new URL('.vite/manifest.json', dist))) {
  console.log('not built yet: no sizes to check')
  exit(0)
}
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const SHELL = 'index.html'
const STAGE = ['src/app/routes/index.tsx', 'src/app/routes/c.$id.tsx']
/** What a page fetches before its first word: these two faces are preloaded. */
const FIRST_FONTS = /(?:newsreader|instrument-sans)-(?!italic)[\w-]+\.woff2$/

function packed(file) {
  const ready = new URL(`${file}.br`, dist)
  return existsSync(ready)
    ? statSync(ready).size
    : brotliCompressSync(readFileSync(new URL(file, dist))).length
}

/** The files a chunk needs at once: its own and those it imports without waiting. */
function closure(key, seen = new Set()) {
  if (seen.has(key) || !manifest[key]) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) closure(next, seen)
  return seen
}

const script = (keys) => [...keys].map((key) => manifest[key].file).filter((file) => file.endsWith('.js'))
const styles = (keys) => [...new Set([...keys].flatMap((key) => manifest[key].css ?? []))]
const sum = (files) => files.reduce((total, file) => total + packed(file), 0)
const without = (keys, known) => new Set([...keys].filter((key) => !known.has(key)))

const shell = closure(SHELL)
const lazy = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry)
const stageKeys = lazy.filter((key) => STAGE.includes(key.split('?')[0]))
if (stageKeys.length !== STAGE.length)
  throw new Error(`the stage's routes are not in the manifest: ${lazy.join(', ')}`)
const stage = stageKeys.reduce((seen, key) => closure(key, seen), new Set(shell))
const routes = lazy.filter((key) => key.includes('src/app/routes/'))
const heaviest = routes
  .map((key) => ({ key, size: sum(script(without(closure(key), shell))) }))
  .sort((a, b) => b.size - a.size)[0]
const fonts = [
  ...new Set(Object.values(manifest).flatMap(({ assets = [], file }) => [...assets, file])),
].filter((file) => FIRST_FONTS.test(file))
const fontBytes = fonts.reduce((total, file) => total + statSync(new URL(file, dist)).size, 0)

const rows = [
  ['shell, script', sum(script(shell)), 95],
  ['shell and live stage, script', sum(script(stage)), 140],
  [`heaviest lazy route (${heaviest.key.replace(/^.*routes\/|\?.*$/g, '')})`, heaviest.size, 60],
  ['styles of shell and live stage', sum(styles(stage)), 12],
  ['all styles', sum(styles(Object.keys(manifest))), 36],
  [`fonts before the first text (${fonts.length})`, fontBytes, 100],
]
let over = 0
for (const [what, bytes, limit] of rows) {
  const kept = bytes <= limit * 1000
  if (!kept) over += 1
  console.log(
    `${kept ? 'ok  ' : 'OVER'} ${(bytes / 1000).toFixed(1).padStart(7)} of ${String(limit).padStart(3)} kB  ${what}`,
  )
}
exit(over === 0 ? 0 : 1)
