/** A model service of our own on loopback, in the OpenAI chat format: it lists models, streams lines, or has a bad day. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `down` answers nothing but 503. */
export type Mood = 'well' | 'down'

export interface FakeService {
  /** Up to and including `/v1`. */
  readonly address: string
  mood: Mood
  /** The bodies of the calls for a line. */
  readonly asked: { readonly model: string; readonly messages: readonly unknown[] }[]
  readonly close: () => Promise<void>
}

/** Different enough that nobody takes one for a repetition of another. */
const LINES = [
  'A question is a door that somebody painted on a wall, and yet we knock.',
  'My grandmother counted spoons after every philosopher who came to dinner.',
  'Measure it twice and the second number will already be arguing with the first.',
  'Nothing ages a certainty like the afternoon after it was printed.',
  'If cats kept diaries, we would all have been fired years ago.',
  'Silence has the better arguments, but it never gets invited on stage.',
  'Every map is a polite way of leaving most of the world out.',
  'I once rehearsed an apology so long that I forgot what I had done.',
  'The moon has no opinion on tides, and look how much gets done.',
  'Give me one good exception and I will show you a rule that was lonely.',
]

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const piece of request) body += String(piece)
  return body
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function speak(response: ServerResponse, model: string, line: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (body: object) => response.write(`data: ${JSON.stringify({ id: 'fake', model, ...body })}\n\n`)
  for (const word of line.match(/\S+\s*/g) ?? [])
    send({ choices: [{ index: 0, delta: { content: word }, finish_reason: null }] })
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  send({ choices: [], usage: { prompt_tokens: 900, completion_tokens: 20, total_tokens: 920 } })
  response.end('data: [DONE]\n\n')
}

export interface FakeServiceOptions {
  /** The only key it takes; absent: it asks for none. */
  readonly key?: string
  readonly models: readonly string[]
}

export async function openFakeService({ key, models }: FakeServiceOptions): Promise<FakeService> {
  const asked: FakeService['asked'] = []
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request)
    if (service.mood === 'down') return answer(response, 503, { error: { message: 'Out of order.' } })
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`)
      return answer(response, 401, {
        error: { message: 'Incorrect API key provided.', code: 'invalid_api_key' },
      })
    if (request.url === '/v1/models')
      return answer(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) })
    if (request.url !== '/v1/chat/completions')
      return answer(response, 404, { error: { message: 'Not here.' } })
    const call = JSON.parse(body) as FakeService['asked'][number]
    asked.push(call)
    speak(response, call.model, LINES[asked.length % LINES.length] as string)
  }
  const server: Server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const service: FakeService = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    mood: 'well',
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
  return service
}
