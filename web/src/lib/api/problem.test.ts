import { expect, test } from 'vitest'
import { asProblem, offlineProblem, Problem, problemOf } from './problem.ts'
import { reasonsOf } from './reasons.ts'

test('a problem says what the server said', () => {
  const problem = problemOf(422, {
    code: 'invalid_body',
    detail: 'The topic is empty.',
    errors: [{ path: 'topic', message: 'at least one character' }, { path: 3 }, null],
    request_id: 'req_1',
  })
  expect(problem).toMatchObject({
    status: 422,
    code: 'invalid_body',
    message: 'The topic is empty.',
    requestId: 'req_1',
  })
  expect(problem.errors).toEqual([{ path: 'topic', message: 'at least one character' }])
})

test('what is wrong is said once, also where a field says the same', () => {
  const errors = ['The topic is empty.', 'The title too.'].map((message) => ({ path: 'x', message }))
  expect(reasonsOf(problemOf(422, { detail: 'The topic is empty.', errors }))).toEqual([
    'The topic is empty.',
    'The title too.',
  ])
})

test.each([undefined, null, 'a proxy’s page', 7, []])(
  'an answer that is no problem (%j) still reads as one',
  (body) => {
    expect(problemOf(502, body)).toMatchObject({
      status: 502,
      code: 'http_502',
      message: 'The server answered 502.',
      errors: [],
    })
  },
)

test('what may not be seen is what is not there', () => {
  expect([403, 404, 500].map((status) => problemOf(status, {}).notFound)).toEqual([true, true, false])
})

test('every thrown value becomes a problem', () => {
  const problem = offlineProblem()
  expect(asProblem(problem)).toBe(problem)
  expect(problem.offline).toBe(true)
  expect(asProblem(new Error('oh'))).toMatchObject({ code: 'client', message: 'oh' })
  expect(asProblem('oh')).toBeInstanceOf(Problem)
})
