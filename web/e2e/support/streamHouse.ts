/** A server that plays one endless scene to one page: what was said before, thousands of lines at once, three voices together. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { extname } from 'node:path'
import { conversation, persona } from '../../src/testing/fixtures.ts'
import { AT, completed, GELS, ID, SLUGS, started } from './scene.ts'

const DIST = new URL('../../dist', import.meta.url).pathname
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

const CAST = SLUGS.map((slug) => ({
  id: `par_${slug}`,
  persona_id: `per_${slug}`,
  slug,
  name: `The ${slug}`,
  color: GELS[slug],
  mask: slug,
  provider: 'scripted',
  model: 'troupe',
  muted: false,
}))

/** What the house knows of the scene before anybody watches. */
interface Past {
  readonly events: readonly { readonly seq: number }[]
  readonly show: ReturnType<typeof conversation>
  readonly island: object
}

const speakerOf = (line: number) => SLUGS[line % SLUGS.length] ?? 'poet'

/** The two events of a line that was said; the first line's come first. */
export function oldLine(line: number): readonly { readonly seq: number }[] {
  const text = `Line ${line}. Somebody said something of ordinary length here, and meant it.`
  return [
    started(2 * line + 1, `old${line}`, speakerOf(line)),
    completed(2 * line + 2, `old${line}`, speakerOf(line), text),
  ]
}

function pastOf(lines: number): Past {
  const show = conversation(ID, {
    title: 'What is a joke?',
    status: 'running',
    head_seq: 2 * lines,
    message_count: lines,
    participants: CAST,
  })
  const messages = Array.from({ length: Math.min(10, lines) }, (_, index) => {
    const line = lines - Math.min(10, lines) + index
    const [, said] = oldLine(line)
    const { body } = said as unknown as { body: { text: string } }
    return {
      id: `msg_old${line}`,
      conversation_id: ID,
      seq: 2 * line + 2,
      participant_id: `par_${speakerOf(line)}`,
      author: { kind: 'persona', name: `The ${speakerOf(line)}` },
      text: body.text,
      at: AT,
      ending: 'complete',
      scripted: true,
    }
  })
  return {
    events: Array.from({ length: lines }, (_, line) => oldLine(line)).flat(),
    show,
    island: { conversation: show, messages, running: [show] },
  }
}

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

/** What every other page answers: nobody has felt, noted or scored anything yet. */
const NOTHING = {
  items: [],
  history: [],
  ties: [],
  pairs: [],
  camps: [],
  balance: 0,
  phases: [],
  next_cursor: null,
}

function answer({ pathname, searchParams }: URL, { events, show }: Past): unknown {
  if (pathname.startsWith('/api/v1/personas'))
    return { items: SLUGS.map((slug) => persona(slug)), next_cursor: null }
  if (pathname === `/api/v1/conversations/${ID}`) return show
  if (pathname === `/api/v1/conversations/${ID}/events`) {
    const after = Number(searchParams.get('after'))
    return { items: events.slice(after, after + Number(searchParams.get('limit'))), next_cursor: null }
  }
  return pathname.startsWith('/api/v1/') ? NOTHING : undefined
}

function serve(server: Server, past: Past): void {
  server.on('request', ({ url = '/' }, response) => {
    const address = new URL(url, 'http://house')
    const json = answer(address, past)
    if (json !== undefined) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(json))
      return
    }
    const path = address.pathname
    const file = path !== '/' && existsSync(`${DIST}${path}`) ? `${DIST}${path}` : `${DIST}/index.html`
    const page = readFileSync(file)
    const body = file.endsWith('.html')
      ? page
          .toString()
          .replaceAll('__CSP_NONCE__', randomBytes(8).toString('hex'))
          .replace('"__BOOT__"', JSON.stringify(past.island))
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

/** `lines`: how many were said before the page is opened. */
export async function openStreamHouse(lines = 0): Promise<StreamHouse> {
  const server = createServer()
  const past = pastOf(lines)
  serve(server, past)
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
          from_seq: past.events.length + 1,
          head_seq: past.events.length,
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
