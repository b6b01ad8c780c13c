import type { CDPSession } from '@playwright/test'
import { expect, test } from '../support/house.ts'
import { delta, SLUGS, started } from '../support/scene.ts'
import { oldLine, openStreamHouse, type StreamHouse } from '../support/streamHouse.ts'
import { report } from './report.ts'

const EARLIER = 5_000
const SECONDS = Number(process.env.STREAM_SECONDS ?? 20)
const WINDOW_MS = 40
/** 100 tokens a second for each voice. */
const TOKENS_PER_WINDOW = 4
const WORDS = [
  'the',
  'light',
  ' — ',
  'falls',
  'on **bold**',
  'and `code`',
  'laughter,',
  'never',
  'twice',
  'in a row.',
  '\n\n',
]

async function metrics(cdp: CDPSession) {
  const { metrics: all } = await cdp.send('Performance.getMetrics')
  const of = (name: string) => all.find((metric) => metric.name === name)?.value ?? Number.NaN
  return {
    script: of('ScriptDuration') * 1_000,
    task: of('TaskDuration') * 1_000,
    heap: of('JSHeapUsedSize') / 1e6,
  }
}

/** Thousands of lines that were said before, all of them told: the page keeps what it heard. */
function tellThePast(house: StreamHouse): void {
  for (let page = 0; page < EARLIER; page += 250)
    house.send(Array.from({ length: 250 }, (_, line) => oldLine(page + line)).flat())
}

/** Three voices at once, each growing by a few tokens in every window. */
async function talk(house: StreamHouse, seconds: number): Promise<number> {
  const length = new Map<string, number>(SLUGS.map((slug) => [slug, 0]))
  const windows = Math.round((seconds * 1_000) / WINDOW_MS)
  const begun = performance.now()
  for (let window = 0; window < windows; window += 1) {
    house.send(
      SLUGS.map((slug, voice) => {
        const text = Array.from(
          { length: TOKENS_PER_WINDOW },
          (_, token) => `${WORDS[(window * 7 + token * 3 + voice) % WORDS.length]} `,
        ).join('')
        const offset = length.get(slug) ?? 0
        length.set(slug, offset + text.length)
        return delta(`new_${slug}`, slug, offset, text)
      }),
    )
    const next = begun + (window + 1) * WINDOW_MS
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())))
  }
  return windows * SLUGS.length * TOKENS_PER_WINDOW
}

test('three voices at once over five thousand earlier lines cost little', async ({ page }) => {
  test.setTimeout(240_000)
  const house = await openStreamHouse()
  try {
    await page.addInitScript(() => {
      const long: number[] = []
      Object.assign(globalThis, { long })
      new PerformanceObserver((list) =>
        long.push(...list.getEntries().map(({ duration }) => duration)),
      ).observe({ type: 'longtask' })
    })
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.goto(house.address)
    await house.subscribed
    tellThePast(house)
    await expect(page.getByText(`Line ${EARLIER - 1}.`)).toBeVisible({ timeout: 60_000 })
    // They are all there: as rows of the script, and as bars of the score.
    await expect(page.getByRole('article').last()).toHaveAttribute('aria-posinset', String(EARLIER))
    await expect(page.locator('.score-bars')).toHaveAttribute('aria-valuemax', String(EARLIER))
    house.send(SLUGS.map((slug, index) => started(2 * EARLIER + 1 + index, `new_${slug}`, slug)))
    // The page settles after five thousand lines.
    await page.waitForTimeout(2_000)

    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    await cdp.send('HeapProfiler.collectGarbage')
    await page.evaluate(() => (globalThis as unknown as { long: number[] }).long.splice(0))
    const before = await metrics(cdp)
    const tokens = await talk(house, SECONDS)
    const after = await metrics(cdp)
    await cdp.send('HeapProfiler.collectGarbage')
    const settled = await metrics(cdp)
    const long = await page.evaluate(() => (globalThis as unknown as { long: number[] }).long)
    const perToken = (after.script - before.script) / tokens
    report([
      {
        name: 'script per token, 3 × 100 tokens/s into 5,000 messages',
        value: perToken,
        unit: 'ms',
        goal: 0.6,
      },
      { name: 'all main-thread work per token', value: (after.task - before.task) / tokens, unit: 'ms' },
      { name: `long tasks in ${SECONDS} s`, value: long.length, unit: '', goal: 1 },
      { name: 'heap gained', value: settled.heap - before.heap, unit: 'MB', goal: 6 },
    ])
    expect(perToken).toBeLessThanOrEqual(0.6)
  } finally {
    house.close()
  }
})
