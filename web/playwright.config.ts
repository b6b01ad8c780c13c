/** Journeys in a real Chromium before a real server with the scripted troupe; `--project bench` measures. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from '@playwright/test'

/** The browser of this machine; undefined leaves the choice to Playwright. */
function chromium(): string | undefined {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    } catch {
      // Not on the path: the next name.
    }
  }
  return undefined
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

// The workers read this file too: what the first reading chose reaches them through the environment.
process.env.E2E_PORT ??= String(await freePort())
process.env.E2E_DATA ??= mkdtempSync(join(tmpdir(), 'chimera-e2e-'))

const origin = `http://127.0.0.1:${process.env.E2E_PORT}`
const executablePath = chromium()

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 90_000,
  expect: { timeout: 15_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    baseURL: origin,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'journeys', testIgnore: /bench\// },
    // Tracing watches the page with scripts of its own: not while measuring.
    { name: 'bench', testMatch: /bench\/.*\.spec\.ts/, use: { trace: 'off', screenshot: 'off' } },
  ],
  webServer: {
    command: `../.venv/bin/chimera serve --port ${process.env.E2E_PORT} --data-dir ${process.env.E2E_DATA}`,
    url: `${origin}/api/v1/health/ready`,
    timeout: 60_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
    // Whatever runs on this machine must not change what is tested.
    env: { CHIMERA_PROVIDERS__DISCOVER: 'false' },
  },
})
