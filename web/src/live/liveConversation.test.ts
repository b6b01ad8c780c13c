import { beforeEach, expect, test } from 'vitest'
import { AT, posted } from '#testing/live/fakeHouse.ts'
import { Theatre } from '#testing/live/theatre.ts'
import type { WireConversation } from './opening.ts'

let theatre: Theatre

beforeEach(() => {
  theatre = new Theatre()
})

test('it opens with the newest part of the log and follows from there', async () => {
  await theatre.playing(3)
  expect(theatre.texts()).toEqual(['line 1', 'line 2', 'line 3'])
  expect(theatre.live.condition()).toMatchObject({ phase: 'open', degraded: '' })
  expect(theatre.world.wire.sent).toMatchObject([{ type: 'subscribe', after: 3 }])
  theatre.world.wire.say({ ...posted(4), kind: 'event' })
  expect(theatre.texts()).toHaveLength(4)
})

test('the page’s island is shown at once and saves a call', async () => {
  theatre.house.log = [posted(1)]
  const conversation = (await theatre.house.conversation()) as WireConversation
  theatre.house.asked.length = 0
  theatre.stage({
    conversation,
    messages: [{ id: 'm1', seq: 1, author: { kind: 'viewer', name: 'Anna' }, text: 'line 1', at: AT }],
  })
  expect(theatre.texts()).toEqual(['line 1'])
  await theatre.live.open()
  expect(theatre.house.asked).toEqual(['after 0'])
  await theatre.live.open()
  expect(theatre.house.asked).toEqual(['after 0', 'conversation', 'after 0'])
})

test('a conversation that is not there, or not for us, is missing', async () => {
  theatre.house.gone = true
  await theatre.live.open()
  expect(theatre.live.condition().phase).toBe('missing')
})

test('a house that does not answer can be asked again', async () => {
  theatre.house.broken = true
  const phases: string[] = []
  const leave = theatre.live.subscribe(() => phases.push(theatre.live.condition().phase))
  await theatre.live.open()
  expect(theatre.live.condition()).toMatchObject({ phase: 'failed', problem: new Error('no house') })
  theatre.house.broken = false
  await theatre.live.open()
  leave()
  theatre.live.dismissAway()
  expect(phases).toEqual(['failed', 'open'])
})

test.each([true, false])('closed while it opens, it follows nothing (broken house: %s)', async (broken) => {
  theatre.house.broken = broken
  const opening = theatre.live.open()
  theatre.live.close()
  await opening
  expect(theatre.live.condition().phase).toBe('loading')
  expect(theatre.world.wires).toHaveLength(0)
})

test('closed between its two questions, it follows nothing', async () => {
  theatre.house.events = async () => {
    theatre.live.close()
    return []
  }
  await theatre.live.open()
  expect(theatre.world.wires).toHaveLength(0)
})

test('closed, it hangs up', async () => {
  await theatre.playing(1)
  theatre.live.close()
  expect(theatre.world.wire.closed).toBe(true)
})

test('older pages are put in front, one at a time, until the beginning', async () => {
  await theatre.playing(450)
  expect(theatre.live.store.session.state.fromSeq).toBe(251)
  await Promise.all([theatre.live.older(), theatre.live.older()])
  expect(theatre.live.store.session.state.fromSeq).toBe(51)
  await theatre.live.older()
  await theatre.live.older()
  expect(theatre.live.store.session.state.fromSeq).toBe(1)
  expect(theatre.texts()).toHaveLength(450)
  expect(theatre.house.asked.filter((what) => what.startsWith('after'))).toEqual([
    'after 250',
    'after 450',
    'after 50',
    'after 0',
  ])
})

test('an older page that fails may be asked again, one that comes too late is dropped', async () => {
  await theatre.playing(450)
  theatre.house.broken = true
  await theatre.live.older()
  expect(theatre.live.condition().loadingOlder).toBe(false)
  theatre.house.broken = false
  const late = theatre.live.older()
  theatre.live.store.put({
    ...theatre.live.store.session,
    state: { ...theatre.live.store.session.state, fromSeq: 5 },
  })
  await late
  expect(theatre.live.store.session.state.fromSeq).toBe(5)
})
