import { expect, test } from 'vitest'
import { ServerClock, Ticker } from './clock.ts'

test('the offset is the median of the last five heartbeats', () => {
  let now = 1_000
  const clock = new ServerClock(() => now)
  expect(clock.now()).toBe(1_000)
  for (const offset of [9_000, 500, 510, 490, 505, 9_000]) clock.hear(new Date(now + offset).toISOString())
  expect(clock.offset).toBe(505)
  now = 2_000
  expect(clock.now()).toBe(2_505)
})

test('a time nobody can read is passed over', () => {
  const clock = new ServerClock(() => 0)
  clock.hear('soon')
  expect(clock.offset).toBe(0)
})

function fakeTicks() {
  const state = { hidden: false, tick: null as (() => void) | null, seen: null as (() => void) | null }
  const ticker = new Ticker({
    every(_ms, run) {
      state.tick = run
      return () => {
        state.tick = null
      }
    },
    hidden: () => state.hidden,
    onVisibility(run) {
      state.seen = run
      return () => {
        state.seen = null
      }
    },
  })
  return { state, ticker }
}

test('it ticks while somebody listens and stops with the last', () => {
  const { state, ticker } = fakeTicks()
  const ticks: string[] = []
  const first = ticker.subscribe(() => ticks.push('a'))
  const second = ticker.subscribe(() => ticks.push('b'))
  ticks.length = 0
  state.tick?.()
  expect(ticks).toEqual(['a', 'b'])
  first()
  expect(state.tick).not.toBeNull()
  second()
  expect([state.tick, state.seen]).toEqual([null, null])
})

test('it stands still while the page is hidden and goes on at once when it is seen', () => {
  const { state, ticker } = fakeTicks()
  let ticks = 0
  ticker.subscribe(() => {
    ticks += 1
  })
  state.hidden = true
  state.seen?.()
  expect(state.tick).toBeNull()
  const before = ticks
  state.hidden = false
  state.seen?.()
  expect(ticks).toBe(before + 1)
})
