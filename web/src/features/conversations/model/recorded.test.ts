import { expect, test } from 'vitest'
import { asked, copied, unsaid } from './recorded.ts'

const call = (request: Record<string, unknown>) => ({ request })

test('a request is taken apart into system prompt, messages and knobs', () => {
  expect(
    asked(
      call({
        system: 'You are the Poet.',
        messages: [
          { role: 'others', text: 'Tea?' },
          { role: 'self', parts: [{ text: 'No.' }, { type: 'image', size: 'webp, 12 kB' }] },
          { role: 'others', content: 'Well then.' },
        ],
        temperature: 0.9,
        stop: ['\n\n'],
        seed: null,
      }),
    ),
  ).toEqual({
    system: 'You are the Poet.',
    messages: [
      { role: 'others', text: 'Tea?' },
      { role: 'self', text: `No.\n${JSON.stringify({ type: 'image', size: 'webp, 12 kB' }, null, 2)}` },
      { role: 'others', text: 'Well then.' },
    ],
    knobs: [
      ['temperature', '0.9'],
      ['stop', JSON.stringify(['\n\n'], null, 2)],
    ],
  })
})

test('whatever else it is, it can be shown', () => {
  expect(asked(call({}))).toEqual({ system: '', messages: [], knobs: [] })
  expect(asked(call({ system: null, messages: ['Tea?', null, 7] })).messages).toEqual([
    { role: '', text: 'Tea?' },
    { role: '', text: 'null' },
    { role: '', text: '7' },
  ])
})

test.each([
  ['the first of two tries', ['No, no.', 'Tea  is\npatience. And more'], 'Tea is patience.', false, ['0']],
  ['all tries, where the troupe spoke', ['No, no.', 'Tea.'], 'Let us see.', true, ['0', '1']],
  ['none, where nobody can tell', ['**Tea**', 'Coffee'], 'Tea.', false, []],
  ['none, where the only one was said', ['Tea.'], 'Tea.', false, []],
] as const)('what was answered and not said: %s', (_what, texts, text, scripted, ids) => {
  const calls = [...texts.map((each, index) => ({ id: `${index}`, text: each })), { id: 'failed', text: '' }]
  expect([...unsaid(calls, { text, scripted })]).toEqual(ids)
})

test('a copy holds the whole of it', () => {
  const whole = {
    id: 'call_1',
    at: '2026-11-22T10:00:00.000Z',
    participant_id: 'par_poet',
    provider: 'openai',
    model: 'gpt',
    duration_ms: 900,
    request: { system: 'S' },
    text: 'A line.',
    reasoning: '',
  }
  expect(JSON.parse(copied(whole))).toEqual(whole)
})
