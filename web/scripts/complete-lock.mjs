#!/usr/bin/env node
/**
 * Completes package-lock.json with the optional platform packages npm left out.
 *
 * A registry that lacks some of a tool's per-platform packages (a mirror, for example) makes npm drop
 * them from the lock without a word; `npm ci` then stops with EUSAGE, "Missing: … from lock file".
 * Optional packages of other platforms are never installed here, so naming them is enough.
 *
 *   node scripts/complete-lock.mjs               add what is missing (after every `npm install`)
 *   node scripts/complete-lock.mjs --check       change nothing; exit 1 if the lock is not complete
 *   node scripts/complete-lock.mjs --integrity   also ask the registry for hashes that are absent
 *
 * A path may follow; the default is ./package-lock.json. The lock must name no registry host either:
 * a `resolved` address is an error (web/.npmrc sets omit-lockfile-registry-resolved=true).
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { argv, env, execPath, exit } from 'node:process'

const SYSTEMS = new Set([
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
])
const PROCESSORS = new Set([
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
])
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' }
const EXACT = /^\d+\.\d+\.\d+(?:[-+].+)?$/

/** What npm must match before it installs `name`, read from the words of the name; null if none is there. */
function platformOf(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-')
  const os = words.find((word) => SYSTEMS.has(word))
  const cpu = words.find((word) => PROCESSORS.has(word))
  const libc = words.map((word) => LIBRARIES[word]).find(Boolean)
  if (!os && !cpu) return null
  return { os: os && [os], cpu: cpu && [cpu], libc: os === 'linux' && libc ? [libc] : undefined }
}

/** The key under which node would find `name` when asked from `from`, nearest first; null if nowhere. */
function resolveFrom(packages, from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    const key = `${base ? `${base}/` : ''}node_modules/${name}`
    if (packages[key]) return key
    if (!base) return null
  }
}

/** Adds every missing optional entry to `packages`; returns the new keys and the entries nobody can add. */
export function complete(packages) {
  const added = []
  const impossible = []
  for (const [from, entry] of Object.entries({ ...packages })) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (resolveFrom(packages, from, name)) continue
      const platform = platformOf(name)
      if (!platform || !EXACT.test(version)) {
        impossible.push(`${name}@${version}, wanted by ${from || 'the root'}`)
        continue
      }
      const key = `node_modules/${name}`
      // The order of npm's own fields; JSON.stringify leaves the undefined ones out.
      packages[key] = {
        version,
        cpu: platform.cpu,
        dev: entry.dev,
        libc: platform.libc,
        license: entry.license,
        optional: true,
        os: platform.os,
        engines: entry.engines,
      }
      added.push(key)
    }
  }
  return { added, impossible }
}

/** The registry's hash of one version; undefined if the registry does not hold it. */
function integrityOf(name, version) {
  const [command, first] = env.npm_execpath ? [execPath, [env.npm_execpath]] : ['npm', []]
  const answer = spawnSync(command, [...first, 'view', `${name}@${version}`, 'dist.integrity'], {
    encoding: 'utf8',
  })
  return answer.stdout?.match(/sha512-[A-Za-z0-9+/=]+/)?.[0]
}

function fail(message, lines) {
  console.error([message, ...lines.map((line) => `  ${line}`)].join('\n'))
  exit(1)
}

function main(args) {
  const check = args.includes('--check')
  const path = args.find((arg) => !arg.startsWith('--')) ?? 'package-lock.json'
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  if (!(lock.lockfileVersion >= 2)) fail(`${path}: a lock of npm 7 or later is needed`, [])

  const hosts = Object.entries(lock.packages).filter(([, entry]) => /^https?:/.test(entry.resolved ?? ''))
  if (hosts.length) fail(`${path} records registry addresses:`, hosts.map(([key]) => key).slice(0, 5))

  const { added, impossible } = complete(lock.packages)
  if (impossible.length) fail(`${path}: these cannot be completed from their name and version:`, impossible)
  if (check) {
    if (added.length) fail(`${path} is not complete; run complete-lock.mjs:`, added)
    console.log(`${path}: complete`)
    return
  }

  let hashed = 0
  if (args.includes('--integrity')) {
    for (const [key, entry] of Object.entries(lock.packages)) {
      if (!entry.optional || entry.link || entry.integrity) continue
      const integrity = integrityOf(key.slice(key.lastIndexOf('node_modules/') + 13), entry.version)
      if (!integrity) continue
      const { version, ...rest } = entry
      lock.packages[key] = { version, integrity, ...rest }
      hashed += 1
    }
  }
  if (added.length || hashed) {
    // npm's own order, so that a later `npm install` moves nothing.
    const inOrder = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
    writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(inOrder) }, null, 2)}\n`)
  }
  console.log(`${path}: ${added.length} entries added, ${hashed} hashes filled in`)
}

if (import.meta.main ?? argv[1]?.endsWith('complete-lock.mjs')) main(argv.slice(2))
