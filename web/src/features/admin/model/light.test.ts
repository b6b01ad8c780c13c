import { expect, test } from 'vitest'
import { provider } from '#testing/fixtures.ts'
import { colourOf, foundHere, hasAddress, isPaid, standing } from './light.ts'

const key = { source: 'stored', last4: '1234', fingerprint: 'ab12', count: 1 } as const
const openai = (part = {}) =>
  provider('openai', { wants_key: true, credential: key, models: ['gpt'], ...part })
const ollama = (part = {}) => provider('ollama', { local: true, found: true, models: ['qwen'], ...part })

const EARLIER = '2026-11-22T10:00:00.000Z'
const LATER = '2026-11-22T10:00:01.000Z'
const FAILED = { last_failure_at: LATER, last_success_at: EARLIER }

test.each([
  ['all is well', openai(), true, 'ready', 'Ready'],
  ['no key', openai({ credential: null, state: 'unset' }), true, 'idle', 'Needs a key'],
  [
    'a refused key',
    openai({ credential: { ...key, disabled_because: 'provider_refused' } }),
    true,
    'down',
    'The key was refused',
  ],
  [
    'a key that is off for another reason',
    openai({ credential: { ...key, disabled_because: 'provider_busy' } }),
    true,
    'down',
    'The key is not used: too busy',
  ],
  [
    'a code nobody knows',
    openai({ credential: { ...key, disabled_because: 'odd' } }),
    true,
    'down',
    'The key is not used: odd',
  ],
  ['paid calls are stopped', openai(), false, 'idle', 'Held: paid calls are stopped'],
  ['a local one when paid calls are stopped', ollama(), false, 'ready', 'Ready'],
  ['an open breaker', openai({ breaker: 'open' }), true, 'resting', 'Resting after failures'],
  ['a half-open one', openai({ breaker: 'half_open' }), true, 'resting', 'Being tried again'],
  [
    'a provider whose newest calls failed',
    openai({ health: { calls: 9, errors: 3, failures: { provider_slow: 1, provider_busy: 2 }, ...FAILED } }),
    true,
    'resting',
    'Busy: its newest calls failed',
  ],
  [
    'a provider that failed at all it was asked, in odd ways',
    openai({ health: { calls: 1, errors: 1, failures: { odd: 1 }, last_failure_at: LATER } }),
    true,
    'resting',
    'Failing: its newest calls failed',
  ],
  [
    'a provider that has answered since',
    openai({
      health: { calls: 9, errors: 3, failures: {}, last_failure_at: EARLIER, last_success_at: LATER },
    }),
    true,
    'ready',
    'Ready',
  ],
  ['down', openai({ state: 'down' }), true, 'down', 'Not answering'],
  ['never asked', openai({ state: 'unknown' }), true, 'idle', 'Not asked yet'],
  [
    'a local one that is not there',
    ollama({ state: 'unset', found: false }),
    true,
    'idle',
    'Not running here',
  ],
  ['a local one that went', ollama({ state: 'down' }), true, 'down', 'Not running here'],
  [
    'a local one that was looked for',
    ollama({ state: 'down', found: false }),
    true,
    'idle',
    'Not running here',
  ],
  ['a local one without a model', ollama({ models: [] }), true, 'resting', 'Running, but no model is there'],
  ['no address', provider('compatible', { state: 'unset' }), true, 'idle', 'Needs an address'],
] as const)('%s', (_what, one, paidCalls, light, text) => {
  expect(standing(one, paidCalls)).toEqual({ light, text })
})

test('a breaker says until when', () => {
  const until = '2026-11-22T10:00:05.000Z'
  expect(standing(openai({ breaker: 'open', breaker_until: until }), true).text).toMatch(
    /until \d\d:\d\d:05$/,
  )
})

test('local servers with models are offered, others are not', () => {
  expect(foundHere([ollama(), ollama({ models: [] }), ollama({ found: false }), openai()])).toHaveLength(1)
})

test('who costs, who has an address, who has which colour', () => {
  expect([openai(), ollama(), provider('scripted', { scripted: true })].map(isPaid)).toEqual([
    true,
    false,
    false,
  ])
  expect([openai(), ollama()].map(hasAddress)).toEqual([false, true])
  expect(colourOf('openai')).toBe('moss')
  expect(colourOf('another')).toBe('wisteria')
})
