/** What every journey needs: conversations made over the API, a watch on violations, axe in both themes. */
import AxeBuilder from '@axe-core/playwright'
import { type APIRequestContext, test as base, expect, type Locator, type Page } from '@playwright/test'

interface House {
  /** Fails the test at its end if the page broke its own security policy or threw. */
  readonly watch: undefined
}

export const test = base.extend<House>({
  watch: [
    async ({ page }, use) => {
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(`thrown: ${error.message}`))
      await page.exposeFunction('reportViolation', (what: string) => faults.push(`policy: ${what}`))
      await page.addInitScript(() => {
        document.addEventListener(
          'securitypolicyviolation',
          ({ violatedDirective, blockedURI, sourceFile }) => {
            const report = (globalThis as unknown as { reportViolation: (what: string) => void })
              .reportViolation
            report(`${violatedDirective} ${blockedURI} ${sourceFile}`)
          },
        )
      })
      await use(undefined)
      expect(faults).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

export interface Played {
  readonly id: string
  readonly title: string
}

/** Starts a conversation of the scripted troupe that talks fast enough to be tested. */
export async function play(
  request: APIRequestContext,
  topic: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Played> {
  const answer = await request.post('/api/v1/conversations', {
    data: {
      topic,
      cast: ['philosopher', 'comedian', 'scientist'].map((persona) => ({ persona, provider: 'scripted' })),
      pace: { mode: 'stream', speed: 6 },
      seed: 7,
      ...more,
    },
  })
  expect(answer.status()).toBe(201)
  return (await answer.json()) as Played
}

export async function command(request: APIRequestContext, id: string, control: string): Promise<void> {
  const answer = await request.post(`/api/v1/conversations/${id}/${control}`)
  expect(answer.ok()).toBe(true)
}

export const script = (page: Page): Locator => page.getByRole('log')
export const lines = (page: Page): Locator => script(page).getByRole('article')
/** Lines that have been said to the end. */
export const finished = (page: Page): Locator => script(page).locator('article[aria-busy="false"]')
export const growing = (page: Page): Locator => script(page).locator('article[aria-busy="true"]')

/** No violation of the accessibility rules, by house light and in the dark. */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
    // Colours that are on their way from one theme to the other have no contrast worth measuring.
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter(({ playState }) => playState === 'running')
          .map(({ finished: done }) =>
            Promise.race([done.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 700))]),
          ),
      ),
    )
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(
      violations.map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`),
    ).toEqual([])
  }
}

/** Watches from now on, in this page and those after it, how much of it moves without being asked to. */
export async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: { value: number; moved: string[] }[] = []
    Object.assign(globalThis, { shifts })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, hadRecentInput, sources } = entry as unknown as {
          value: number
          hadRecentInput: boolean
          sources: { node: (Node & { className?: string }) | null }[]
        }
        const moved = sources.map(({ node }) => `${node?.nodeName}.${node?.className ?? ''}`)
        if (!hadRecentInput) shifts.push({ value, moved })
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

/** Light moves, furniture does not. */
export async function stoodStill(page: Page): Promise<void> {
  const shifts = await page.evaluate(
    () => (globalThis as unknown as { shifts: { value: number; moved: string[] }[] }).shifts,
  )
  const sum = shifts.reduce((total, { value }) => total + value, 0)
  expect(sum, JSON.stringify(shifts)).toBeLessThanOrEqual(0.01)
}

/** Nothing hangs over the edge of the page. */
export async function fits(page: Page): Promise<void> {
  const [content, view] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
  expect(content).toBeLessThanOrEqual(view ?? 0)
}
