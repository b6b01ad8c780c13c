import { expect, test } from 'vitest'
import { matching } from './models.ts'

const MODELS = [
  { id: 'gpt-5-mini' },
  { id: 'gpt-5', name: 'The big one', loaded: false },
  { id: 'qwen3:8b', loaded: true },
]

test('every word is looked for in id and name; what is in memory comes first', () => {
  const ids = (words: string) => matching(MODELS, words).map(({ id }) => id)
  expect(ids('')).toEqual(['qwen3:8b', 'gpt-5-mini', 'gpt-5'])
  expect(ids('GPT mini')).toEqual(['gpt-5-mini'])
  expect(ids('big')).toEqual(['gpt-5'])
  expect(ids('nobody')).toEqual([])
})
