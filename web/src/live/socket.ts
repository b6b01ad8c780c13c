/** Keeps one line to the server open: calls again after every close we did not ask for and subscribes anew. */
import {
  backoff,
  type Connection,
  closeRule,
  DEAD_AFTER_MS,
  HEALTHY_AFTER_MS,
  PROBE_MS,
  STALE_AFTER_MS,
  type StopReason,
} from './connection.ts'
import { type Frame, parse } from './protocol.ts'

/** The part of a browser's WebSocket that we use. */
export interface Wire {
  send(data: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
}

export interface Surroundings {
  connect(): Wire
  now(): number
  later(run: () => void, ms: number): () => void
  random(): number
  online(): boolean
  /** Calls when the network comes or goes and when the page is seen again. */
  onChange(run: () => void): () => void
}

export interface Watcher {
  readonly conversationId: string
  /** The last seq seen, asked again at each connection. */
  after(): number
  receive(frame: Frame): void
}

type ClientMessage = { readonly type: 'resync' | 'unsubscribe' | 'typing'; readonly conversation_id: string }

const CHECK_MS = 5_000

export class LiveSocket {
  readonly #around: Surroundings
  readonly #watchers = new Set<Watcher>()
  readonly #listeners = new Set<() => void>()
  #connection: Connection = { state: 'connecting', retryAt: null, troubleSince: null, why: null }
  #wire: Wire | null = null
  #heardAt = 0
  #openedAt: number | null = null
  #attempt = 0
  #requests = 0
  #retryMs: number | null = null
  #cancelRetry: (() => void) | null = null
  #cancelCheck: (() => void) | null = null
  #unwatchNetwork: (() => void) | null = null

  constructor(around: Surroundings) {
    this.#around = around
  }

  connection = (): Connection => this.#connection

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Follows a conversation until the returned function is called; the first watcher opens the line, the last closes it. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    if (this.#watchers.size === 1) {
      this.#unwatchNetwork = this.#around.onChange(this.#surroundingsChanged)
      this.#open()
    } else if (this.#connection.state === 'live' || this.#connection.state === 'stale') {
      this.#ask(watcher)
    }
    return () => this.#unwatch(watcher)
  }

  /** Says something if the line is open; nothing we say is worth saying late. */
  send(message: ClientMessage): void {
    if (this.#openedAt !== null) this.#wire?.send(JSON.stringify(message))
  }

  #unwatch(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher)) return
    if (this.#watchers.size > 0) {
      this.send({ type: 'unsubscribe', conversation_id: watcher.conversationId })
      return
    }
    this.#unwatchNetwork?.()
    this.#hangUp()
    this.#change({ state: 'connecting', retryAt: null, troubleSince: null })
  }

  #ask(watcher: Watcher): void {
    this.#requests += 1
    const message = {
      type: 'subscribe',
      request_id: String(this.#requests),
      conversation_id: watcher.conversationId,
      after: watcher.after(),
    }
    this.#wire?.send(JSON.stringify(message))
  }

  #open(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
    const wire = this.#around.connect()
    this.#wire = wire
    this.#heardAt = this.#around.now()
    wire.onopen = () => {
      this.#openedAt = this.#around.now()
      this.#heardAt = this.#openedAt
      for (const watcher of this.#watchers) this.#ask(watcher)
    }
    wire.onmessage = ({ data }) => this.#hear(String(data))
    wire.onclose = ({ code }) => this.#closed(code)
    this.#check()
  }

  #hear(data: string): void {
    this.#heardAt = this.#around.now()
    if (this.#connection.state !== 'live') this.#change({ state: 'live', retryAt: null, troubleSince: null })
    for (const frame of parse(data)) {
      if (frame.type === 'server.draining' && frame.kind === 'control') this.#retryMs = frame.retry_ms
      for (const watcher of this.#watchers) {
        if (!('conversation_id' in frame) || frame.conversation_id === watcher.conversationId)
          watcher.receive(frame)
      }
    }
  }

  /** Looks every few seconds whether anything was heard; a line that is silent for long is as good as closed. */
  #check(): void {
    this.#cancelCheck?.()
    this.#cancelCheck = this.#around.later(() => {
      const silent = this.#around.now() - this.#heardAt
      if (silent >= DEAD_AFTER_MS) {
        this.#lost()
        return
      }
      if (silent >= STALE_AFTER_MS && this.#connection.state === 'live') {
        this.#change({ state: 'stale', troubleSince: this.#around.now() })
      }
      this.#check()
    }, CHECK_MS)
  }

  #closed(code: number): void {
    const rule = closeRule(code)
    if (rule.do === 'stop') this.#stop(rule.why)
    else this.#lost(rule.do === 'wait' ? rule.ms : null)
  }

  #stop(why: StopReason): void {
    this.#hangUp()
    this.#change({ state: 'stopped', retryAt: null, why })
  }

  #lost(waitMs: number | null = null): void {
    const now = this.#around.now()
    if (this.#openedAt !== null && now - this.#openedAt >= HEALTHY_AFTER_MS) this.#attempt = 0
    this.#hangUp()
    const ms = waitMs ?? this.#retryMs ?? backoff(this.#attempt, this.#around.random())
    this.#attempt += 1
    this.#retryMs = null
    this.#cancelRetry = this.#around.later(() => this.#open(), ms)
    this.#change({
      state: this.#around.online() ? 'reconnecting' : 'offline',
      retryAt: now + ms,
      troubleSince: this.#connection.troubleSince ?? now,
    })
  }

  #hangUp(): void {
    this.#cancelRetry?.()
    this.#cancelCheck?.()
    this.#cancelRetry = null
    this.#cancelCheck = null
    const wire = this.#wire
    this.#wire = null
    this.#openedAt = null
    if (!wire) return
    wire.onopen = null
    wire.onmessage = null
    wire.onclose = null
    wire.close()
  }

  readonly #surroundingsChanged = (): void => {
    if (this.#connection.state === 'stopped') return
    if (this.#cancelRetry) {
      if (this.#around.online()) this.#open()
      else this.#change({ state: 'offline' })
      return
    }
    this.#probe()
  }

  /** The network changed under an open line: ask for a sign of life instead of waiting for the silence. */
  #probe(): void {
    const wire = this.#wire
    if (!wire || this.#openedAt === null) return
    const asked = this.#around.now()
    wire.send(JSON.stringify({ type: 'ping', request_id: 'probe' }))
    this.#around.later(() => {
      if (this.#wire === wire && this.#heardAt <= asked) this.#lost()
    }, PROBE_MS)
  }

  #change(change: Partial<Connection>): void {
    this.#connection = { ...this.#connection, ...change }
    for (const listener of this.#listeners) listener()
  }
}
