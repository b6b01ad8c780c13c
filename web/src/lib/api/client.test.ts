import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { idempotencyKey, sendOnce, unwrap } from './client.ts'
import { Problem } from './problem.ts'

const HOUSE = 'http://127.0.0.1/api/v1/conversations'
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const answer = (status: number, data?: unknown, error?: unknown) =>
  Promise.resolve({ data, error, response: new Response(null, { status }) })

test('a call that broke before its answer is sent once more under the same key', async () => {
  const seen: { key: string | null; body: unknown }[] = []
  server.use(
    http.post(HOUSE, async ({ request }) => {
      seen.push({ key: request.headers.get('Idempotency-Key'), body: await request.json() })
      return seen.length === 1 ? HttpResponse.error() : HttpResponse.json({ id: 'cnv_1' }, { status: 201 })
    }),
  )
  const response = await sendOnce(new Request(HOUSE, { method: 'POST', body: '{"topic":"tea"}' }))
  expect(response.status).toBe(201)
  expect(seen).toHaveLength(2)
  expect(seen[0]).toEqual(seen[1])
  expect(seen[0]?.key).toMatch(/^[0-9a-f]{32}$/)
})

test('a refusal is an answer: nothing is sent again', async () => {
  let calls = 0
  server.use(
    http.post(HOUSE, () => {
      calls += 1
      return HttpResponse.json({ code: 'unavailable' }, { status: 503 })
    }),
  )
  expect((await sendOnce(new Request(HOUSE, { method: 'POST' }))).status).toBe(503)
  expect(calls).toBe(1)
})

test('reading needs no key, and a key given by the caller is kept', async () => {
  const keys: (string | null)[] = []
  server.use(
    http.all(HOUSE, ({ request }) => {
      keys.push(request.headers.get('Idempotency-Key'))
      return HttpResponse.json({})
    }),
  )
  await sendOnce(new Request(HOUSE))
  await sendOnce(new Request(HOUSE, { method: 'POST', headers: { 'Idempotency-Key': 'mine' } }))
  expect(keys).toEqual([null, 'mine'])
})

test('no two attempts share a key', () => {
  expect(new Set(Array.from({ length: 100 }, idempotencyKey)).size).toBe(100)
})

test('a good answer is its body, a bad one a problem, none at all an offline problem', async () => {
  expect(await unwrap(answer(200, { id: 'cnv_1' }))).toEqual({ id: 'cnv_1' })
  await expect(unwrap(answer(404, undefined, { code: 'not_found', detail: 'No.' }))).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(unwrap(Promise.reject(new TypeError('fetch failed')))).rejects.toSatisfy(
    (error) => error instanceof Problem && error.offline,
  )
})

test('an abandoned call is no problem of the house', async () => {
  await expect(unwrap(Promise.reject(new DOMException('gone', 'AbortError')))).rejects.toMatchObject({
    name: 'AbortError',
  })
})
