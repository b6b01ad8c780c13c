import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { provider } from '#testing/fixtures.ts'
import {
  CAST_MAX,
  chooseMind,
  emptyForm,
  errorsOf,
  isFree,
  isValid,
  minutesOf,
  requestOf,
  type StartForm,
  toggleSeat,
} from './startForm.ts'

const form = (part: Partial<StartForm> = {}): StartForm => ({ ...emptyForm('Tea or coffee?', []), ...part })
const TROUPE = provider('scripted', { scripted: true })
const OLLAMA = provider('ollama', { title: 'Ollama', local: true, models: ['qwen3:8b'] })
const OPENAI = provider('openai', { title: 'OpenAI', models: ['gpt'] })

describe('what is wrong', () => {
  test('nothing, with a topic and the house’s own cast', () => {
    expect(isValid(errorsOf(form()))).toBe(true)
  })

  test.each([
    ['no topic', { topic: '  \n ' }, 'topic'],
    ['501 characters', { topic: 'a'.repeat(501) }, 'topic'],
    ['one seat', { seats: [{ slug: 'poet', mind: '' }] }, 'cast'],
    ['no turn', { turns: '0' }, 'turns'],
    ['half a turn', { turns: '1.5' }, 'turns'],
    ['too many turns', { turns: '10001' }, 'turns'],
    ['a seed in words', { seed: 'lucky' }, 'seed'],
    ['a seed no number can hold', { seed: '99999999999999999999' }, 'seed'],
    ['a long title', { title: 'a'.repeat(201) }, 'title'],
  ] as const)('%s', (_what, part, field) => {
    expect(Object.keys(errorsOf(form(part)))).toEqual([field])
  })

  test('500 emoji are 500 characters', () => {
    expect(isValid(errorsOf(form({ topic: '🎭'.repeat(500) })))).toBe(true)
  })
})

describe('seats', () => {
  test('a cast never outgrows the stage, and nobody sits twice', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'abcdefghijkl')), (presses) => {
        const seats = presses.reduce(toggleSeat, form().seats)
        expect(seats.length).toBeLessThanOrEqual(CAST_MAX)
        expect(new Set(seats.map(({ slug }) => slug)).size).toBe(seats.length)
      }),
    )
  })

  test('a mind is changed for one seat only', () => {
    expect(chooseMind(form().seats, 'comedian', 'ollama qwen3:8b').map(({ mind }) => mind)).toEqual([
      '',
      'ollama qwen3:8b',
      '',
    ])
  })
})

test('what is sent names only what was chosen', () => {
  expect(
    requestOf(
      form({ topic: ' Tea? ', turns: '', seats: chooseMind(form().seats, 'comedian', 'ollama a model') }),
    ),
  ).toEqual({
    topic: 'Tea?',
    cast: [
      { persona: 'philosopher' },
      { persona: 'comedian', provider: 'ollama', model: 'a model' },
      { persona: 'scientist' },
    ],
    visibility: 'private',
  })
  expect(requestOf(form({ speed: 2 })).pace).toEqual({ mode: 'stream', speed: 2 })
  expect(requestOf(form({ mode: 'human' })).pace).toEqual({ mode: 'human', speed: 1 })
  expect(requestOf(form({ title: 'Tea', seed: '7', turns: '3' }))).toMatchObject({
    title: 'Tea',
    seed: 7,
    max_turns: 3,
  })
  expect(requestOf(form({ director: 'human', whispers: true }))).toMatchObject({
    director: 'human',
    whispers: true,
  })
  expect(requestOf(form({ seats: [{ slug: 'poet', mind: 'scripted' }] })).cast).toEqual([
    { persona: 'poet', provider: 'scripted' },
  ])
})

test('the time it takes follows turns and speed', () => {
  expect(minutesOf(form({ turns: '45' }))).toBe(10)
  expect(minutesOf(form({ turns: '45', speed: 2 }))).toBe(5)
  expect(minutesOf(form({ turns: '40', mode: 'instant', speed: 0.25 }))).toBe(2)
  expect(minutesOf(form({ turns: '' }))).toBeNull()
})

describe('minds', () => {
  test('what can cost money is not called free', () => {
    const own = form().seats
    expect(isFree(own, undefined)).toBeNull()
    expect(isFree(own, [TROUPE, OLLAMA])).toBe(true)
    expect(isFree(own, [TROUPE, OPENAI])).toBe(false)
    expect(isFree(own, [TROUPE, { ...OPENAI, state: 'unknown' }])).toBe(true)
    expect(isFree([{ slug: 'poet', mind: 'ollama qwen3:8b' }], [OLLAMA, OPENAI])).toBe(true)
    expect(isFree([{ slug: 'poet', mind: 'openai gpt' }], [OLLAMA, OPENAI])).toBe(false)
  })
})
