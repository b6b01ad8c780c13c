/** Opens one conversation and keeps it true: history by HTTP, news by the line, gaps and losses healed. */
import { AwayWatch } from './away.ts'
import { ConversationStore } from './conversationStore.ts'
import { Fallback } from './fallback.ts'
import { PAGE, readOn } from './log.ts'
import { folded, glimpse, prepend } from './opening.ts'
import type { Condition, LiveParts } from './parts.ts'
import type { Control, Frame } from './protocol.ts'
import { begin, heartbeat, receive, refill, type Step } from './session.ts'
import { blank } from './state.ts'

const RESYNC_MS = 2_000
const RETRY_MS = 2_000

export class LiveConversation {
  readonly store: ConversationStore
  readonly #parts: LiveParts
  readonly #listeners = new Set<() => void>()
  #condition: Condition = {
    phase: 'loading',
    problem: null,
    degraded: '',
    away: null,
    loadingOlder: false,
  }
  #unwatch: (() => void) | null = null
  #cancelRetry: (() => void) | null = null
  /** Counts openings and closings; work begun before the last one is dropped. */
  #epoch = 0
  #resyncedAt = Number.NEGATIVE_INFINITY
  #storeId: string | null = null
  readonly #awayWatch = new AwayWatch()
  readonly #fallback: Fallback
  #unlisten: (() => void) | null = null

  constructor(parts: LiveParts) {
    this.#parts = parts
    const state = parts.boot ? glimpse(parts.boot.conversation, parts.boot.messages) : blank(parts.id)
    this.store = new ConversationStore(begin(state), parts.frames)
    this.#fallback = new Fallback({
      broken: () => parts.socket.connection().troubleSince !== null,
      ask: () => this.#catchUp(),
      later: parts.timers.later,
    })
  }

  condition = (): Condition => this.#condition

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads the newest part of the log, then follows it. Called again, it begins anew. */
  async open(): Promise<void> {
    this.#letGo()
    this.#epoch += 1
    const epoch = this.#epoch
    const { id, source, boot } = this.#parts
    try {
      const conversation =
        this.#condition.phase === 'loading' && boot ? boot.conversation : await source.conversation(id)
      if (epoch !== this.#epoch) return
      if (!conversation) {
        this.#change({ phase: 'missing' })
        return
      }
      const after = Math.max(0, conversation.head_seq - PAGE)
      const events = await readOn(source, id, after)
      if (epoch !== this.#epoch) return
      this.store.put(begin(folded(conversation, after, events)))
      this.#change({ phase: 'open' })
      this.#follow()
    } catch (problem) {
      if (epoch === this.#epoch) this.#change({ phase: 'failed', problem })
    }
  }

  close(): void {
    this.#epoch += 1
    this.#letGo()
  }

  /** Puts an older page of the log in front of the rows. */
  async older(): Promise<void> {
    const { fromSeq } = this.store.session.state
    if (this.#condition.loadingOlder || fromSeq <= 1) return
    this.#change({ loadingOlder: true })
    const after = Math.max(0, fromSeq - 1 - PAGE)
    try {
      const events = await this.#parts.source.events(this.#parts.id, after, fromSeq - 1 - after)
      const { session } = this.store
      if (session.state.fromSeq === fromSeq)
        this.store.put({ ...session, state: prepend(session.state, events) })
    } catch {
      // The rows are still there to scroll to: the next scroll asks again.
    } finally {
      this.#change({ loadingOlder: false })
    }
  }

  /** The viewer has read, or waved away, what came while the line was broken. */
  dismissAway(): void {
    this.#change({ away: null })
  }

  #letGo(): void {
    this.#unwatch?.()
    this.#unlisten?.()
    this.#cancelRetry?.()
    this.#fallback.stop()
    this.#unwatch = null
    this.#unlisten = null
    this.#cancelRetry = null
  }

  #follow(): void {
    const { id, socket } = this.#parts
    this.#unlisten = socket.subscribe(this.#lineChanged)
    this.#unwatch = socket.watch({
      conversationId: id,
      after: () => this.store.session.state.headSeq,
      receive: (frame) => this.#receive(frame),
    })
  }

  #receive(frame: Frame): void {
    const { session } = this.store
    if (frame.kind === 'control') {
      this.#control(frame)
      return
    }
    if (frame.type === 'message.delta' && this.#condition.degraded) this.#change({ degraded: '' })
    this.#take(receive(session, frame, this.#parts.timers.now()))
  }

  #control(frame: Control): void {
    const { timers, clock, id } = this.#parts
    const { session } = this.store
    switch (frame.type) {
      case 'hello':
        clock.hear(frame.server_time)
        this.#hello(frame.store_id)
        return
      case 'heartbeat':
        clock.hear(frame.at)
        this.#take(heartbeat(session, frame.head_seq[id] ?? 0))
        return
      case 'snapshot':
        this.#awayWatch.backAt(frame.head_seq)
        this.#take(receive(session, frame, timers.now()))
        return
      case 'degraded':
        this.#change({ degraded: frame.what })
        return
      case 'error':
        if (!frame.retryable && frame.conversation_id === id) this.#change({ phase: 'missing' })
        return
      // A resync is followed by its snapshot; draining concerns the line.
      case 'resync':
      case 'server.draining':
    }
  }

  #hello(storeId: string): void {
    const other = this.#storeId !== null && this.#storeId !== storeId
    this.#storeId = storeId
    if (this.#condition.degraded) this.#change({ degraded: '' })
    // A backup was restored: what we remember may never have happened there.
    if (other) void this.open()
  }

  #take({ session, need }: Step): void {
    this.store.put(session)
    const away = this.#awayWatch.missed(session, this.#parts.timers.now())
    if (away) this.#change({ away })
    switch (need) {
      case 'events':
        void this.#refill()
        return
      case 'snapshot':
        this.#resync()
        return
      case 'reopen':
        void this.open()
        return
      case null:
    }
  }

  #resync(): void {
    const now = this.#parts.timers.now()
    if (now - this.#resyncedAt < RESYNC_MS) return
    this.#resyncedAt = now
    this.#parts.socket.send({ type: 'resync', conversation_id: this.#parts.id })
  }

  /** Folds what is new in the log; false when there was nothing, or no answer. */
  async #catchUp(): Promise<boolean> {
    const { id, source, timers } = this.#parts
    const epoch = this.#epoch
    try {
      const events = await readOn(source, id, this.store.session.state.headSeq)
      if (epoch !== this.#epoch) return true
      if (events.length > 0) this.#take(refill(this.store.session, events, timers.now()))
      return events.length > 0
    } catch {
      // The line may be down: what is missing stays missing, and so does the wish to have it.
      return epoch !== this.#epoch
    }
  }

  async #refill(): Promise<void> {
    if (await this.#catchUp()) return
    this.#cancelRetry = this.#parts.timers.later(() => void this.#refill(), RETRY_MS)
  }

  readonly #lineChanged = (): void => {
    const { troubleSince } = this.#parts.socket.connection()
    if (troubleSince !== null) this.#awayWatch.broken(this.store.session.state, troubleSince)
    this.#fallback.check()
  }

  #change(change: Partial<Condition>): void {
    this.#condition = { ...this.#condition, ...change }
    for (const listener of this.#listeners) listener()
  }
}
