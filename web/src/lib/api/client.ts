/** The one way to the server's HTTP interface: typed calls, problems as errors, unsafe calls safe to repeat. */
import createClient, { type FetchResponse } from 'openapi-fetch'
import { offlineProblem, problemOf } from './problem.ts'
import type { paths } from './schema.d.ts'

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const PATIENCE_MS = 400

/** A key that names one attempt of a person; a repeated call with it is answered, not done, again. */
export function idempotencyKey(): string {
  // crypto.randomUUID is missing on plain http outside loopback.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Sends an unsafe call with a key, once more if the line broke before an answer came. */
export async function sendOnce(request: Request): Promise<Response> {
  if (!UNSAFE.has(request.method)) return fetch(request)
  const keyed = new Request(request)
  if (!keyed.headers.has('Idempotency-Key')) keyed.headers.set('Idempotency-Key', idempotencyKey())
  const again = keyed.clone()
  try {
    return await fetch(keyed)
  } catch (error) {
    if (request.signal.aborted) throw error
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
    return fetch(again)
  }
}

// A whole address, because outside a browser a request knows no page to be relative to.
export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? '', fetch: sendOnce })

type Data<Init> = Awaited<Init> extends { data?: infer T } ? Exclude<T, undefined> : never

/** The body of a good answer; throws a `Problem` for any other. */
export async function unwrap<
  Answer extends Promise<
    FetchResponse<never, unknown, never> | { data?: unknown; error?: unknown; response: Response }
  >,
>(call: Answer): Promise<Data<Answer>> {
  let answer: Awaited<Answer>
  try {
    answer = await call
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw offlineProblem()
  }
  const { data, error, response } = answer
  if (!response.ok) throw problemOf(response.status, error)
  return data as Data<Answer>
}
