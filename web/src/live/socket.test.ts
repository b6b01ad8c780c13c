import { expect, test } from 'vitest'
import { FakeWorld } from '#testing/live/fakeWorld.ts'
import type { Frame } from './protocol.ts'
import { LiveSocket, type Watcher } from './socket.ts'

const HEARTBEAT = { kind: 'control', type: 'heartbeat', at: '', head_seq: {} }

function open() {
  const world = new FakeWorld()
  const socket = new LiveSocket(world)
  const heard: Frame[] = []
  const watcher: Watcher = { conversationId: 'c', after: () => 7, receive: (frame) => heard.push(frame) }
  const unwatch = socket.watch(watcher)
  return { world, socket, heard, unwatch, watcher }
}

function live() {
  const all = open()
  all.world.wire.onopen?.()
  all.world.wire.say(HEARTBEAT)
  return all
}

test('the first watcher opens the line and asks for what it has not seen', () => {
  const { world, socket } = open()
  expect(socket.connection().state).toBe('connecting')
  world.wire.onopen?.()
  expect(world.wire.sent).toEqual([{ type: 'subscribe', request_id: '1', conversation_id: 'c', after: 7 }])
  world.wire.say(HEARTBEAT)
  expect(socket.connection()).toEqual({ state: 'live', retryAt: null, troubleSince: null, why: null })
})

test('frames reach those whom they concern', () => {
  const { world, socket, heard } = live()
  const other: Frame[] = []
  const leave = socket.watch({ conversationId: 'd', after: () => 0, receive: (frame) => other.push(frame) })
  expect(world.wire.sent.at(-1)).toMatchObject({ type: 'subscribe', conversation_id: 'd', after: 0 })
  world.wire.say({ kind: 'signal', type: 'presence', conversation_id: 'd', body: { viewers: 1 } })
  world.wire.say(HEARTBEAT)
  expect(heard.map(({ type }) => type)).toEqual(['heartbeat', 'heartbeat'])
  expect(other.map(({ type }) => type)).toEqual(['presence', 'heartbeat'])
  leave()
  leave()
  expect(world.wire.sent.at(-1)).toEqual({ type: 'unsubscribe', conversation_id: 'd' })
})

test('a second watcher of a line that is not open yet is asked for when it opens', () => {
  const { world, socket } = open()
  socket.watch({ conversationId: 'd', after: () => 0, receive: () => undefined })
  expect(world.wire.sent).toEqual([])
  world.wire.onopen?.()
  expect(world.wire.sent).toHaveLength(2)
})

test('the last watcher closes the line for good', () => {
  const { world, socket, unwatch } = live()
  unwatch()
  expect(world.wire.closed).toBe(true)
  expect(world.listeners).toBe(0)
  world.pass(100_000)
  expect(world.wires).toHaveLength(1)
  expect(socket.connection().state).toBe('connecting')
  socket.send({ type: 'resync', conversation_id: 'c' })
  expect(world.wire.sent).toHaveLength(1)
})

test('after a close we did not ask for it calls again, later each time, and soon after good health', () => {
  const { world, socket } = live()
  const waits: number[] = []
  for (let attempt = 0; attempt < 7; attempt += 1) {
    world.wire.onclose?.({ code: 1000 })
    waits.push((socket.connection().retryAt as number) - world.time)
    expect(socket.connection().state).toBe('reconnecting')
    world.pass(15_000)
    world.wire.onopen?.()
  }
  expect(waits).toEqual([750, 1500, 3000, 6000, 12_000, 15_000, 15_000])
  world.wire.say(HEARTBEAT)
  world.pass(10_000)
  world.wire.onclose?.({ code: 1006 })
  expect((socket.connection().retryAt as number) - world.time).toBe(750)
})

test('the last watcher may leave while it waits to call again', () => {
  const { world, unwatch } = live()
  world.wire.onclose?.({ code: 1006 })
  unwatch()
  world.pass(100_000)
  expect(world.wires).toHaveLength(1)
})

test('trouble lasts from the first loss until something is heard', () => {
  const { world, socket } = live()
  world.pass(1_000)
  world.wire.onclose?.({ code: 1012 })
  world.pass(5_000)
  world.wire.onclose?.({ code: 1006 })
  expect(socket.connection().troubleSince).toBe(1_000)
  world.pass(5_000)
  world.wire.onopen?.()
  world.wire.say(HEARTBEAT)
  expect(socket.connection().troubleSince).toBeNull()
})

test('a draining server says itself when to come back', () => {
  const { world, socket } = live()
  world.wire.say({ kind: 'control', type: 'server.draining', retry_ms: 1_830 })
  world.wire.onclose?.({ code: 1012 })
  expect(socket.connection().retryAt).toBe(1_830)
})

test.each([
  [4408, 30_000],
  [4409, 30_000],
  [4429, 30_000],
])('after %i it waits', (code, ms) => {
  const { world, socket } = live()
  world.wire.onclose?.({ code })
  expect(socket.connection().retryAt).toBe(ms)
})

test.each([
  [4401, 'signed_out'],
  [4403, 'forbidden'],
  [4404, 'missing'],
  [1003, 'refused'],
  [1007, 'refused'],
  [1008, 'refused'],
  [1009, 'refused'],
])('after %i it stops: %s', (code, why) => {
  const { world, socket } = live()
  world.wire.onclose?.({ code })
  expect(socket.connection()).toMatchObject({ state: 'stopped', why })
  world.changed()
  world.pass(100_000)
  expect(world.wires).toHaveLength(1)
})

test('a silent line is stale, then dead', () => {
  const { world, socket } = live()
  world.pass(20_000)
  expect(socket.connection().state).toBe('stale')
  world.pass(15_000)
  expect(world.wires).toHaveLength(1)
  world.pass(5_000)
  expect(world.wires[0]?.closed).toBe(true)
  expect(socket.connection()).toMatchObject({ state: 'reconnecting', troubleSince: 20_000 })
})

test('a stale line that speaks again is alive, and new watchers may join it meanwhile', () => {
  const { world, socket } = live()
  world.pass(20_000)
  socket.watch({ conversationId: 'd', after: () => 0, receive: () => undefined })
  expect(world.wire.sent.at(-1)).toMatchObject({ conversation_id: 'd' })
  world.wire.say(HEARTBEAT)
  expect(socket.connection().state).toBe('live')
})

test('a line that never opens is tried again', () => {
  const { world } = open()
  world.pass(40_000)
  expect(world.wires).toHaveLength(1)
  world.pass(1_000)
  expect(world.wires).toHaveLength(2)
})

test('without a network it is offline, and calls at once when the network is back', () => {
  const { world, socket } = live()
  world.isOnline = false
  world.wire.onclose?.({ code: 1006 })
  expect(socket.connection().state).toBe('offline')
  world.changed()
  expect(socket.connection().state).toBe('offline')
  world.isOnline = true
  world.changed()
  expect(world.wires).toHaveLength(2)
})

test('when the network changes under an open line it asks for a sign of life', () => {
  const { world, socket } = live()
  world.pass(100)
  world.changed()
  expect(world.wire.sent.at(-1)).toEqual({ type: 'ping', request_id: 'probe' })
  world.pass(1_000)
  world.wire.say({ kind: 'control', type: 'pong', request_id: 'probe' })
  world.pass(5_000)
  expect(socket.connection().state).toBe('live')
  world.changed()
  world.pass(3_000)
  expect(socket.connection().state).toBe('reconnecting')
})

test('a probe of a line that is gone by then says nothing', () => {
  const { world, socket } = live()
  world.pass(100)
  world.changed()
  world.wire.onclose?.({ code: 1006 })
  const before = socket.connection()
  world.pass(600)
  expect(socket.connection()).toBe(before)
  world.pass(3_000)
  expect(world.wires).toHaveLength(2)
})

test('a line that is still being opened is not probed', () => {
  const { world } = open()
  world.changed()
  expect(world.wire.sent).toEqual([])
})

test('listeners hear of every change until they leave', () => {
  const { world, socket } = open()
  const states: string[] = []
  const leave = socket.subscribe(() => states.push(socket.connection().state))
  world.wire.onopen?.()
  world.wire.say(HEARTBEAT)
  leave()
  world.wire.onclose?.({ code: 1006 })
  expect(states).toEqual(['live'])
})

test('what is said on an open line is sent', () => {
  const { world, socket } = live()
  socket.send({ type: 'typing', conversation_id: 'c' })
  expect(world.wire.sent.at(-1)).toEqual({ type: 'typing', conversation_id: 'c' })
})
