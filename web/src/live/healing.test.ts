import { beforeEach, expect, test } from 'vitest'
import { AT, delta, heartbeat, hello, posted, snapshot, turn } from '#testing/live/fakeHouse.ts'
import { settle, Theatre } from '#testing/live/theatre.ts'

let theatre: Theatre

beforeEach(() => {
  theatre = new Theatre()
})

test('a gap is filled from the log and what was held follows', async () => {
  await theatre.playing(1)
  theatre.house.log.push(posted(2), posted(3))
  theatre.world.wire.say({ ...posted(3), kind: 'event' })
  await settle()
  expect(theatre.texts()).toEqual(['line 1', 'line 2', 'line 3'])
})

test('a heartbeat ahead of us fills the lost last event', async () => {
  await theatre.playing(1)
  theatre.house.log.push(posted(2))
  theatre.world.wire.say(heartbeat(2), { kind: 'control', type: 'heartbeat', at: AT, head_seq: {} })
  await settle()
  expect(theatre.texts()).toHaveLength(2)
})

test('a gap that cannot be filled is tried again every two seconds, until it is closed', async () => {
  await theatre.playing(1)
  theatre.house.broken = true
  theatre.world.wire.say(heartbeat(2))
  await settle()
  theatre.house.broken = false
  theatre.world.pass(2_000)
  await settle()
  theatre.house.log.push(posted(2))
  theatre.world.pass(2_000)
  await settle()
  expect(theatre.texts()).toHaveLength(2)
  theatre.house.broken = true
  theatre.world.wire.say(heartbeat(3))
  await settle()
  theatre.live.close()
  const asked = theatre.house.asked.length
  theatre.world.pass(10_000)
  expect(theatre.house.asked).toHaveLength(asked)
})

test('a refill that fails after closing is not tried again', async () => {
  await theatre.playing(1)
  theatre.house.broken = true
  theatre.world.wire.say(heartbeat(2))
  theatre.live.close()
  await settle()
  const asked = theatre.house.asked.length
  theatre.world.pass(10_000)
  expect(theatre.house.asked).toHaveLength(asked)
})

test('a refill that comes after closing is dropped', async () => {
  await theatre.playing(1)
  theatre.house.log.push(posted(2))
  theatre.world.wire.say(heartbeat(2))
  theatre.live.close()
  await settle()
  expect(theatre.texts()).toHaveLength(1)
})

test('a lost piece asks for a resync, at most once in two seconds', async () => {
  await theatre.playing(1)
  const resyncs = () => theatre.world.wire.sent.filter(({ type }) => type === 'resync').length
  theatre.world.wire.say({ ...turn(2), kind: 'event' }, delta(5, 'x'), delta(6, 'y'))
  expect(resyncs()).toBe(1)
  theatre.world.pass(2_000)
  theatre.world.wire.say(delta(7, 'z'))
  expect(resyncs()).toBe(2)
  theatre.world.wire.say(
    snapshot(2, { draft: { message_id: 'd', participant_id: 'p', generation: 1, text: 'whole' } }),
  )
  expect(theatre.live.store.draft('d')).toBe('whole')
})

test('degraded says so until live text is back or the line is new', async () => {
  await theatre.playing(1)
  const degraded = { kind: 'control', type: 'degraded', what: 'live_text', since: AT }
  theatre.world.wire.say({ ...turn(2), kind: 'event' }, degraded)
  expect(theatre.live.condition().degraded).toBe('live_text')
  theatre.world.wire.say(delta(0, 'a'), delta(1, 'b'))
  expect(theatre.live.condition().degraded).toBe('')
  theatre.world.wire.say(degraded, hello())
  expect(theatre.live.condition().degraded).toBe('')
})

test('a restored backup is read anew', async () => {
  await theatre.playing(3)
  theatre.house.log = [posted(1)]
  theatre.world.wire.say(hello('another'))
  await settle()
  expect(theatre.texts()).toEqual(['line 1'])
})

test('more missed events than are pushed: it opens anew', async () => {
  await theatre.playing(1)
  theatre.house.log = Array.from({ length: 3_000 }, (_, n) => posted(n + 1))
  theatre.world.wire.say(snapshot(3_000, { truncated: true, from_seq: 2_801 }))
  await settle()
  expect(theatre.live.store.session.state).toMatchObject({ headSeq: 3_000, fromSeq: 2_801 })
})

test('refused by the house, it is missing; other errors and notices change nothing', async () => {
  await theatre.playing(1)
  const error = { kind: 'control', type: 'error', code: 'not_found', message: '', conversation_id: 'c' }
  theatre.world.wire.say(
    { kind: 'control', type: 'resync', conversation_id: 'c', why: 'behind' },
    { kind: 'control', type: 'server.draining', retry_ms: 1 },
  )
  theatre.world.wire.say(
    { ...error, retryable: true },
    { kind: 'control', type: 'error', code: 'bad', message: '', retryable: false },
  )
  expect(theatre.live.condition().phase).toBe('open')
  theatre.world.wire.say({ ...error, retryable: false })
  expect(theatre.live.condition().phase).toBe('missing')
})

test('what came while the line was broken is counted once everything is there', async () => {
  await theatre.playing(2)
  theatre.world.pass(1_000)
  theatre.world.wire.onclose?.({ code: 1006 })
  theatre.world.pass(5_000)
  theatre.world.wire.onopen?.()
  theatre.world.wire.say(hello(), snapshot(4))
  expect(theatre.live.condition().away).toBeNull()
  theatre.world.wire.say({ ...posted(3), kind: 'event' }, { ...posted(4), kind: 'event' })
  expect(theatre.live.condition().away).toEqual({ afterRow: 'm2', count: 2 })
  theatre.live.dismissAway()
  expect(theatre.live.condition().away).toBeNull()
})

test('short trouble, or trouble in which nothing was said, is nobody’s business', async () => {
  await theatre.playing(0)
  theatre.world.wire.onclose?.({ code: 1006 })
  theatre.world.pass(800)
  theatre.world.wire.onopen?.()
  theatre.world.wire.say(hello(), snapshot(1), { ...posted(1), kind: 'event' })
  expect(theatre.live.condition().away).toBeNull()
  theatre.world.wire.onclose?.({ code: 1006 })
  theatre.world.pass(9_000)
  theatre.world.wire.onclose?.({ code: 1006 })
  theatre.world.pass(9_000)
  theatre.world.wire.onopen?.()
  theatre.world.wire.say(hello(), snapshot(1))
  expect(theatre.live.condition().away).toBeNull()
})

test('while the line is broken finished messages are asked for every five seconds', async () => {
  await theatre.playing(1)
  theatre.world.wire.onclose?.({ code: 1006 })
  theatre.house.log.push(posted(2))
  theatre.world.pass(5_000)
  await settle()
  expect(theatre.texts()).toHaveLength(2)
  theatre.house.broken = true
  theatre.world.pass(5_000)
  await settle()
  theatre.house.broken = false
  theatre.house.log.push(posted(3))
  theatre.world.pass(5_000)
  await settle()
  expect(theatre.texts()).toHaveLength(3)
})

test('when the line is whole again, or nobody watches, nothing is asked any more', async () => {
  await theatre.playing(1)
  theatre.world.wire.onclose?.({ code: 1006 })
  theatre.world.pass(1_000)
  theatre.world.wire.onopen?.()
  theatre.world.wire.say(hello(), snapshot(1))
  const asked = theatre.house.asked.length
  theatre.world.pass(10_000)
  await settle()
  expect(theatre.house.asked).toHaveLength(asked)
  theatre.world.wire.onclose?.({ code: 1006 })
  theatre.world.pass(5_000)
  theatre.live.close()
  await settle()
  theatre.world.pass(30_000)
  await settle()
  expect(theatre.house.asked).toHaveLength(asked + 1)
})
