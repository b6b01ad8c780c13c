/** A house of its own for journeys that change what the whole house does: its keys, budgets and providers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FakeService, openFakeService } from './fakeService.ts'
import { test as base } from './house.ts'

export const KEY = 'sk-only-this-one-opens-7Qz9'

export interface OwnHouse {
  readonly address: string
  /** Wants a key and costs money. */
  readonly openai: FakeService
  /** Wants no key; it is set by its address. */
  readonly local: FakeService
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/api/v1/health/ready`)).ok
  } catch {
    return false
  }
}

async function open(openai: FakeService) {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'chimera-e2e-own-'))
  const child = spawn('../.venv/bin/chimera', ['serve', '--port', String(port), '--data-dir', data], {
    env: {
      ...process.env,
      CHIMERA_PROVIDERS__DISCOVER: 'false',
      CHIMERA_PROVIDERS__OPENAI__BASE_URL: openai.address,
      CHIMERA_ENGINE__HOUSE: 'false',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (piece) => {
    said += String(piece)
  })
  const address = `http://127.0.0.1:${port}`
  const until = Date.now() + 60_000
  while (!(await answers(address))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the house did not open: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return {
    address,
    close: async () => {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
      rmSync(data, { recursive: true, force: true })
    },
  }
}

export const test = base.extend<object, { own: OwnHouse }>({
  own: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from its first argument
    async ({}, use) => {
      const openai = await openFakeService({ key: KEY, models: ['gpt-5-mini', 'gpt-5-nano'] })
      const local = await openFakeService({ models: ['mime-7b'] })
      const house = await open(openai)
      await use({ address: house.address, openai, local })
      await house.close()
      await openai.close()
      await local.close()
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  baseURL: ({ own }, use) => use(own.address),
})
