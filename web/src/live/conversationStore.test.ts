import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ConversationStore, type Frames } from './conversationStore.ts'
import { begin, type Session } from './session.ts'
import { blank } from './state.ts'
import { after, type Throttle, UNTHROTTLED, waitOf } from './throttle.ts'

class FakeFrames implements Frames {
  time = 0
  cost = 0
  frames: (() => void)[] = []
  timers: { run: () => void; ms: number }[] = []
  now = () => this.time
  frame = (run: () => void) => this.frames.push(run)
  later = (run: () => void, ms: number) => this.timers.push({ run, ms })
  afterCommit = (run: () => void) => {
    this.time += this.cost
    run()
  }
  paint() {
    for (const run of this.frames.splice(0)) run()
  }
}

const drafting = (session: Session, texts: Record<string, string>): Session => ({
  ...session,
  drafts: {
    generation: 1,
    byMessage: new Map(
      Object.entries(texts).map(([messageId, text]) => [
        messageId,
        { messageId, participantId: 'p', generation: 1, text },
      ]),
    ),
  },
})

function made() {
  const frames = new FakeFrames()
  const session = begin(blank('c'))
  const store = new ConversationStore(session, frames)
  const calls: string[] = []
  store.subscribe(() => calls.push('view'))
  store.subscribeDraft('a', () => calls.push('a'))
  store.subscribeDraft('b', () => calls.push('b'))
  store.onFlush(() => calls.push('flush'))
  return { frames, session, store, calls }
}

test('many pieces in one frame are one flush, and only the message that grew is told', () => {
  const { frames, session, store, calls } = made()
  store.put(drafting(session, { a: 'one' }))
  store.put(drafting(session, { a: 'one two' }))
  expect([store.draft('a'), calls]).toEqual(['', []])
  expect(frames.frames).toHaveLength(1)
  frames.paint()
  expect([store.draft('a'), calls]).toEqual(['one two', ['a', 'flush']])
  expect(store.session.drafts.byMessage.get('a')?.text).toBe('one two')
})

test('the view stays the same object until something of it changes', () => {
  const { frames, session, store, calls } = made()
  const before = store.view()
  store.put(drafting(session, { b: 'x' }))
  frames.paint()
  expect(store.view()).toBe(before)
  store.put({ ...session, viewers: 3 })
  frames.paint()
  expect(store.view()).toMatchObject({ viewers: 3 })
  expect(calls).toEqual(['b', 'flush', 'view', 'b', 'flush'])
})

test('a draft that ended is told once more', () => {
  const { frames, session, store, calls } = made()
  const same = { messageId: 'b', participantId: 'p', generation: 1, text: 'x' }
  store.put({
    ...session,
    drafts: {
      generation: 1,
      byMessage: new Map([
        ['a', same],
        ['b', same],
      ]),
    },
  })
  frames.paint()
  store.put({ ...session, drafts: { generation: 1, byMessage: new Map([['b', same]]) } })
  frames.paint()
  expect(calls).toEqual(['a', 'b', 'flush', 'a', 'flush'])
  expect(store.draft('a')).toBe('')
})

test('what changes nothing asks for no frame', () => {
  const { frames, session, store } = made()
  store.put({ ...session, held: [] })
  expect(frames.frames).toHaveLength(0)
})

test('who leaves is told nothing more', () => {
  const { frames, session, store } = made()
  const calls: string[] = []
  const leave = [
    store.subscribe(() => calls.push('v')),
    store.onFlush(() => calls.push('f')),
    store.subscribeDraft('z', () => calls.push('z')),
    store.subscribeDraft('z', () => calls.push('y')),
  ]
  for (const go of leave) go()
  store.put({ ...drafting(session, { z: '1' }), viewers: 1 })
  frames.paint()
  expect(calls).toEqual([])
})

test('a page that cannot keep up is asked less often', () => {
  const { frames, session, store } = made()
  frames.cost = 20
  store.put({ ...session, viewers: 1 })
  frames.paint()
  store.put({ ...session, viewers: 2 })
  expect(frames.timers.map(({ ms }) => ms)).toEqual([33])
  frames.timers[0]?.run()
  frames.paint()
  expect(store.view().viewers).toBe(2)
})

test('dear flushes slow down to 66 ms, ten cheap ones speed up a step', () => {
  let throttle: Throttle = UNTHROTTLED
  const next = (cost: number) => {
    throttle = after(throttle, cost)
    return waitOf(throttle)
  }
  expect([next(1), next(9), next(9), next(9)]).toEqual([0, 33, 66, 66])
  expect(Array.from({ length: 20 }, () => next(1)).map(String)).toEqual([
    ...Array(9).fill('66'),
    '33',
    ...Array(9).fill('33'),
    '0',
  ])
  fc.assert(
    fc.property(fc.array(fc.nat(30)), (costs) =>
      [0, 33, 66].includes(waitOf(costs.reduce(after, UNTHROTTLED))),
    ),
  )
})
