import { expect, test } from 'vitest'
import { BROWSER, liveAddress, PAGE_FRAMES, PAGE_TICKS } from './surroundings.ts'

function seen(hidden: boolean): void {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}

test('the line has the address of the page, as safe as the page', () => {
  expect(liveAddress({ protocol: 'https:', host: 'house.example' })).toBe('wss://house.example/api/v1/live')
  expect(liveAddress({ protocol: 'http:', host: '127.0.0.1:8000' })).toBe('ws://127.0.0.1:8000/api/v1/live')
  const wire = BROWSER.connect() as unknown as WebSocket
  expect(wire.url).toBe(liveAddress(location))
  wire.close()
})

test('the network coming and going and the page being seen again are heard', () => {
  const heard: string[] = []
  const leave = BROWSER.onChange(() => heard.push('changed'))
  dispatchEvent(new Event('online'))
  dispatchEvent(new Event('offline'))
  seen(true)
  expect(heard).toHaveLength(2)
  seen(false)
  expect(heard).toHaveLength(3)
  leave()
  dispatchEvent(new Event('online'))
  seen(false)
  expect(heard).toHaveLength(3)
  expect(BROWSER.online()).toBe(true)
})

test('what is to come later comes, unless it is called off', async () => {
  const done: string[] = []
  BROWSER.later(() => done.push('late'), 1)
  BROWSER.later(() => done.push('never'), 1)()
  PAGE_FRAMES.later(() => done.push('later'), 1)
  PAGE_FRAMES.frame(() => done.push('frame'))
  PAGE_FRAMES.afterCommit(() => done.push('commit'))
  await expect.poll(() => done.toSorted()).toEqual(['commit', 'frame', 'late', 'later'])
  expect(PAGE_FRAMES.now()).toBeGreaterThan(0)
  expect(BROWSER.now()).toBeGreaterThan(PAGE_FRAMES.now())
  expect(BROWSER.random()).toBeLessThan(1)
})

test('the second hand goes round until it is stopped', async () => {
  let ticks = 0
  const stop = PAGE_TICKS.every(1, () => {
    ticks += 1
  })
  await expect.poll(() => ticks).toBeGreaterThan(1)
  stop()
  const leave = PAGE_TICKS.onVisibility(() => {
    ticks = -1
  })
  seen(true)
  expect([PAGE_TICKS.hidden(), ticks]).toEqual([true, -1])
  leave()
  ticks = 7
  seen(false)
  expect(ticks).toBe(7)
})
