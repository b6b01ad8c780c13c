/** A server that plays one endless scene to one page: thousands of lines at once, then three voices together. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { extname } from 'node:path'
import { conversation, persona } from '../../src/testing/fixtures.ts'

const DIST = new URL('../../dist', import.meta.url).pathname
const ID = 'cnv_stream'
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}
export const SLUGS = ['philosopher', 'comedian', 'scientist'] as const
const AT = '2026-11-22T10:00:00.000Z'

const show = conversation(ID, {
  status: 'running',
  head_seq: 0,
  message_count: 0,
  participants: SLUGS.map((slug) => ({
    id: `par_${slug}`,
    persona_id: `per_${slug}`,
    slug,
    name: `The ${slug}`,
    color: 'steel',
    mask: slug,
    provider: 'scripted',
    model: 'troupe',
    muted: false,
  })),
})

/** One unmasked text frame. */
function frame(text: string): Buffer {
  const body = Buffer.from(text)
  if (body.length < 126) return Buffer.concat([Buffer.from([0x81, body.length]), body])
  const head = Buffer.alloc(body.length < 65_536 ? 4 : 10)
  head[0] = 0x81
  if (body.length < 65_536) {
    head[1] = 126
    head.writeUInt16BE(body.length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(body.length), 2)
  }
  return Buffer.concat([head, body])
}

export interface StreamHouse {
  readonly address: string
  /** Sends frames to the page as one socket message. */
  readonly send: (frames: readonly unknown[]) => void
  /** Resolves when the page has subscribed. */
  readonly subscribed: Promise<void>
  readonly close: () => void
}

function answer(path: string): unknown {
  if (path.startsWith('/api/v1/personas'))
    return { items: SLUGS.map((slug) => persona(slug)), next_cursor: null }
  if (path === `/api/v1/conversations/${ID}`) return show
  return path.startsWith('/api/v1/') ? { items: [], next_cursor: null } : undefined
}

function serve(server: Server): void {
  server.on('request', ({ url = '/' }, response) => {
    const path = new URL(url, 'http://house').pathname
    const json = answer(path)
    if (json !== undefined) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
      return
    }
    const file = path !== '/' && existsSync(`${DIST}${path}`) ? `${DIST}${path}` : `${DIST}/index.html`
    const page = readFileSync(file)
    const body = file.endsWith('.html')
      ? page.toString().replaceAll('__CSP_NONCE__', randomBytes(8).toString('hex'))
      : page
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'text/html' }).end(body)
  })
}

function greet(request: IncomingMessage, socket: Socket): void {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${MAGIC}`).digest('base64')
  const offered = request.headers['sec-websocket-protocol']
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ]
  socket.write(
    `${[...head, ...(offered ? [`Sec-WebSocket-Protocol: ${offered}`] : [])].join('\r\n')}\r\n\r\n`,
  )
}

export async function openStreamHouse(): Promise<StreamHouse> {
  const server = createServer()
  serve(server)
  let line: Socket | null = null
  const subscribed = new Promise<void>((resolve) => {
    server.on('upgrade', (request, stream) => {
      const socket = stream as Socket
      greet(request, socket)
      line = socket
      const hello = {
        kind: 'control',
        type: 'hello',
        protocol: 1,
        connection_id: 'con_1',
        store_id: 's',
        heartbeat_s: 15,
        max_subscriptions: 20,
        server_time: AT,
      }
      socket.write(frame(JSON.stringify([hello])))
      // The page has one thing to say, and there is one conversation: whatever comes first is the subscription.
      socket.once('data', () => {
        const snapshot = {
          kind: 'control',
          type: 'snapshot',
          request_id: '1',
          conversation_id: ID,
          status: 'running',
          generation: 1,
          from_seq: 1,
          head_seq: 0,
          truncated: false,
          viewers: 1,
          next_turn_at: null,
          draft: null,
        }
        socket.write(frame(JSON.stringify([snapshot])))
        resolve()
      })
      socket.on('error', () => socket.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  return {
    address: `http://127.0.0.1:${port}/c/${ID}`,
    send: (frames) => line?.write(frame(JSON.stringify(frames))),
    subscribed,
    close: () => {
      line?.destroy()
      server.close()
    },
  }
}

const event = (seq: number, type: string, body: object) => ({
  kind: 'event',
  conversation_id: ID,
  seq,
  type,
  version: 1,
  actor: { type: 'participant', id: null },
  at: AT,
  visibility: 'all',
  body,
})

const turn = (message: string, speaker: string) => ({
  turn_id: `trn_${message}`,
  message_id: `msg_${message}`,
  participant_id: `par_${speaker}`,
  generation: 1,
  cause: 'self_selected',
  pause_ms: 0,
  bids: [],
})

export const started = (seq: number, message: string, speaker: string) =>
  event(seq, 'turn.started', turn(message, speaker))

export const completed = (seq: number, message: string, speaker: string, text: string) =>
  event(seq, 'message.completed', { ...turn(message, speaker), text, ending: 'complete', scripted: true })

export const delta = (message: string, speaker: string, offset: number, text: string) => ({
  kind: 'signal',
  conversation_id: ID,
  type: 'message.delta',
  body: { message_id: `msg_${message}`, participant_id: `par_${speaker}`, generation: 1, offset, text },
})
