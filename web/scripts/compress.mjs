#!/usr/bin/env node
/** Writes a Brotli copy beside every text asset of dist/; the server sends it to whoever accepts it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const TEXT = /\.(?:js|css|svg|json|webmanifest|txt)$/
/** Below this a copy saves less than a packet. */
const WORTH_IT = 1024

const root = new URL('../dist', import.meta.url).pathname
let before = 0
let after = 0
let files = 0
for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  // The page itself is filled for every request, and what lies in a hidden folder is not served.
  if (!entry.isFile() || !TEXT.test(entry.name) || path.includes('/.vite/')) continue
  const raw = readFileSync(path)
  if (raw.length < WORTH_IT) continue
  const packed = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } })
  writeFileSync(`${path}.br`, packed)
  before += raw.length
  after += packed.length
  files += 1
}
console.log(`compressed ${files} files: ${(before / 1000).toFixed(0)} kB to ${(after / 1000).toFixed(0)} kB`)
