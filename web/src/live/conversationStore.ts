/** Keeps an open conversation outside React and shows it at the page's own pace: one flush a frame at most. */
import type { Session, Typing } from './session.ts'
import type { ConversationState } from './state.ts'
import { after, type Throttle, UNTHROTTLED, waitOf } from './throttle.ts'

/** The page's frames; a fake one makes the store's time stand still in tests. */
export interface Frames {
  now(): number
  /** Runs before the next paint; never while the page is hidden. */
  frame(run: () => void): void
  later(run: () => void, ms: number): void
  /** Runs once React has committed what the current task asked for. */
  afterCommit(run: () => void): void
}

/** Everything that changes a few times a second; drafts are watched one by one. */
export interface View {
  readonly state: ConversationState
  readonly viewers: number | null
  readonly nextTurnAt: string | null
  readonly typing: ReadonlyMap<string, Typing>
}

type Listener = () => void

const viewOf = ({ state, viewers, nextTurnAt, typing }: Session): View => ({
  state,
  viewers,
  nextTurnAt,
  typing,
})

function sameView(a: Session, b: Session): boolean {
  return (
    a.state === b.state && a.viewers === b.viewers && a.nextTurnAt === b.nextTurnAt && a.typing === b.typing
  )
}

export class ConversationStore {
  readonly #frames: Frames
  readonly #listeners = new Set<Listener>()
  readonly #flushed = new Set<Listener>()
  readonly #byMessage = new Map<string, Set<Listener>>()
  readonly #dirty = new Set<string>()
  #session: Session
  #shown: Session
  #view: View
  #armed = false
  #throttle: Throttle = UNTHROTTLED

  constructor(session: Session, frames: Frames) {
    this.#session = session
    this.#shown = session
    this.#view = viewOf(session)
    this.#frames = frames
  }

  /** The newest session, possibly not yet on the screen. */
  get session(): Session {
    return this.#session
  }

  /** What is on the screen; the same object until something of it changes. */
  view = (): View => this.#view

  /** The text so far of a message that is being spoken. */
  draft = (messageId: string): string => this.#shown.drafts.byMessage.get(messageId)?.text ?? ''

  subscribe = (listener: Listener): Listener => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** After every flush that changed anything: the place to keep the end of the script in sight. */
  onFlush = (listener: Listener): Listener => {
    this.#flushed.add(listener)
    return () => this.#flushed.delete(listener)
  }

  subscribeDraft(messageId: string, listener: Listener): Listener {
    const listeners = this.#byMessage.get(messageId) ?? new Set()
    this.#byMessage.set(messageId, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#byMessage.delete(messageId)
    }
  }

  /** Takes the next session; the screen follows with the next flush. */
  put(session: Session): void {
    this.#markDrafts(session)
    this.#session = session
    if (this.#armed || (sameView(this.#shown, session) && this.#dirty.size === 0)) return
    this.#armed = true
    const wait = waitOf(this.#throttle)
    if (wait === 0) this.#frames.frame(this.#flush)
    else this.#frames.later(() => this.#frames.frame(this.#flush), wait)
  }

  #markDrafts(next: Session): void {
    const before = this.#session.drafts.byMessage
    const now = next.drafts.byMessage
    if (before === now) return
    for (const [id, draft] of now) if (before.get(id) !== draft) this.#dirty.add(id)
    for (const id of before.keys()) if (!now.has(id)) this.#dirty.add(id)
  }

  readonly #flush = (): void => {
    const started = this.#frames.now()
    const changed = !sameView(this.#shown, this.#session)
    const dirty = [...this.#dirty]
    this.#armed = false
    this.#dirty.clear()
    this.#shown = this.#session
    if (changed) {
      this.#view = viewOf(this.#session)
      for (const listener of this.#listeners) listener()
    }
    for (const id of dirty) for (const listener of this.#byMessage.get(id) ?? []) listener()
    this.#frames.afterCommit(() => {
      for (const listener of this.#flushed) listener()
      this.#throttle = after(this.#throttle, this.#frames.now() - started)
    })
  }
}
