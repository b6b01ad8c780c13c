import { describe, expect, test } from 'vitest'
import { provider } from '#testing/fixtures.ts'
import { linesPrice, mindGroups, mindLabel, openMinds, showPrice, splitMind } from './minds.ts'

const TROUPE = provider('scripted', { scripted: true, local: true, models: ['troupe'] })
const OLLAMA = provider('ollama', { title: 'Ollama', local: true, models: ['qwen3:8b'] })
const OPENAI = provider('openai', { title: 'OpenAI', models: ['gpt', 'gpt-mini'] })
const PRICED = { id: 'gpt', input_price: 1, output_price: 10 }

test('a mind names a provider, and perhaps a model with any name', () => {
  expect(splitMind('')).toEqual({ provider: '', model: '' })
  expect(splitMind('ollama')).toEqual({ provider: 'ollama', model: '' })
  expect(splitMind('ollama a model')).toEqual({ provider: 'ollama', model: 'a model' })
})

describe('a thousand lines', () => {
  test('cost nothing here, what they cost elsewhere, and are unknown without a price', () => {
    expect(linesPrice(OLLAMA, null)).toBe(0)
    expect(linesPrice(TROUPE, null)).toBe(0)
    expect(linesPrice(OPENAI, PRICED)).toBeCloseTo(2.4)
    expect(linesPrice(OPENAI, { id: 'gpt' })).toBeNull()
    expect(linesPrice(OPENAI, { id: 'gpt', input_price: 1 })).toBeNull()
    expect(linesPrice(OPENAI, null)).toBeNull()
  })

  test('make the price of a show, if every seat has one', () => {
    expect(showPrice([2, 4], 500)).toBe(1.5)
    expect(showPrice([2, null], 500)).toBeNull()
    expect(showPrice([], 500)).toBeNull()
  })
})

describe('what is offered', () => {
  test('every model of who is ready, by its own list or, until that is here, by name', () => {
    const groups = mindGroups(
      [TROUPE, OLLAMA, OPENAI, provider('gemini', { models: ['g'], state: 'down' })],
      (name) => (name === 'openai' ? [PRICED] : undefined),
    )
    expect(groups.map(({ provider: name, minds }) => [name, minds.map(({ value }) => value)])).toEqual([
      ['ollama', ['ollama qwen3:8b']],
      ['openai', ['openai gpt']],
    ])
    expect(groups[1]?.minds[0]?.price).toBeCloseTo(2.4)
  })

  test('no group is empty', () => {
    expect(mindGroups([provider('openai')], () => [])).toEqual([])
  })

  test('whoever fits best, only where a model is ready', () => {
    expect(openMinds([TROUPE]).map(({ value }) => value)).toEqual(['', 'scripted'])
    expect(openMinds([TROUPE, OLLAMA]).map(({ value }) => value)).toEqual(['', 'auto', 'scripted'])
    expect(openMinds([provider('openai', { state: 'down' })]).map(({ value }) => value)).toEqual([''])
    expect(openMinds([]).map(({ value }) => value)).toEqual([''])
  })
})

test('a seat names its mind', () => {
  const all = [TROUPE, OLLAMA]
  expect(mindLabel('', all)).toBe('Best available')
  expect(mindLabel('scripted', all)).toBe('Scripted (no model)')
  expect(mindLabel('ollama qwen3:8b', all)).toBe('qwen3:8b')
  expect(mindLabel('ollama', all)).toBe('Ollama, its usual model')
  expect(mindLabel('gone', all)).toBe('gone, its usual model')
})
