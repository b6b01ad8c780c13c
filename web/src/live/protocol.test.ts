import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from './protocol.ts'

const event = { kind: 'event', conversation_id: 'c', seq: 1, type: 'anything.at-all', body: {} }
const signal = { kind: 'signal', conversation_id: 'c', type: 'presence', body: { viewers: 1 } }
const control = { kind: 'control', type: 'hello' }

test('an array of frames and a single frame are both read', () => {
  expect(parse(JSON.stringify([event, signal, control]))).toEqual([event, signal, control])
  expect(parse(JSON.stringify(control))).toEqual([control])
})

test.each([
  ['no JSON', '{'],
  ['no object', '[1, null, "x"]'],
  ['no type', '{"kind":"control"}'],
  ['an unknown kind', '{"kind":"gossip","type":"hello"}'],
  ['an unknown control', '{"kind":"control","type":"pong"}'],
  ['an unknown signal', '{"kind":"signal","type":"applause","conversation_id":"c","body":{}}'],
  ['a signal of nobody', '{"kind":"signal","type":"presence","body":{}}'],
  ['a signal without a body', '{"kind":"signal","type":"presence","conversation_id":"c"}'],
  ['an event without a place', '{"kind":"event","type":"x","conversation_id":"c","body":{}}'],
  ['an event of nobody', '{"kind":"event","type":"x","seq":1,"body":{}}'],
  ['an event without a body', '{"kind":"event","type":"x","seq":1,"conversation_id":"c"}'],
])('%s is passed over', (_what, message) => expect(parse(message)).toEqual([]))

test('nothing that may arrive throws', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (message) => Array.isArray(parse(message))))
})
