/** Takes frames in order of arrival and keeps log, drafts and hints of one conversation together. Pure. */
import { advance, applyDelta, type Drafts, fromSnapshot, NO_DRAFTS, withdraw } from './drafts.ts'
import type { Envelope } from './events.ts'
import type { Delta, FeedFrame, Signal, Snapshot } from './protocol.ts'
import { reduce } from './reduce.ts'
import { judge } from './sequence.ts'
import type { ConversationState } from './state.ts'

export interface Typing {
  readonly business: string | null
  /** Local milliseconds after which it goes off by itself. */
  readonly until: number
}

export interface Session {
  readonly state: ConversationState
  readonly drafts: Drafts
  readonly viewers: number | null
  readonly nextTurnAt: string | null
  readonly typing: ReadonlyMap<string, Typing>
  /** Frames that wait for missing events; null when nothing is missing. */
  readonly held: readonly FeedFrame[] | null
}

/** What the session needs from outside: the missing events, a snapshot, or a new beginning. */
export type Need = 'events' | 'snapshot' | 'reopen' | null

export interface Step {
  readonly session: Session
  readonly need: Need
}

const TYPING_MS = 15_000
/** More than this is not worth holding: the events come with the refill, the draft with a snapshot. */
const MAX_HELD = 2_000

export function begin(state: ConversationState): Session {
  return { state, drafts: NO_DRAFTS, viewers: null, nextTurnAt: null, typing: new Map(), held: null }
}

const step = (session: Session, need: Need = null): Step => ({ session, need })

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

function fold(session: Session, event: Envelope): Session {
  const state = reduce(session.state, event)
  const { message_id: messageId, participant_id: participantId, generation } = event.body as Partial<Delta>
  switch (event.type) {
    case 'turn.started':
      return {
        ...session,
        state,
        nextTurnAt: null,
        drafts: advance(session.drafts, generation as number),
        typing: without(session.typing, participantId as string),
      }
    case 'turn.failed':
      return {
        ...session,
        state,
        nextTurnAt: null,
        drafts: withdraw(session.drafts, messageId as string),
      }
    case 'message.completed':
      return { ...session, state, drafts: withdraw(session.drafts, messageId as string) }
    default:
      return { ...session, state }
  }
}

function isRetried({ type, body }: Envelope): boolean {
  return type === 'turn.failed' && (body as { retryable?: boolean }).retryable === true
}

function takeEvent(session: Session, event: Envelope): Step {
  switch (judge(session.state.headSeq, event.seq)) {
    case 'seen':
      return step(session)
    case 'next':
      // The log does not say when a failed turn is tried again; a snapshot does.
      return step(fold(session, event), isRetried(event) ? 'snapshot' : null)
    case 'gap':
      return step({ ...session, held: [event as FeedFrame] }, 'events')
  }
}

function takeSnapshot(session: Session, snapshot: Snapshot): Step {
  const { headSeq } = session.state
  if (snapshot.truncated && snapshot.from_seq > headSeq + 1) return step(session, 'reopen')
  return step({
    ...session,
    viewers: snapshot.viewers,
    nextTurnAt: snapshot.next_turn_at ?? null,
    drafts: fromSnapshot(session.drafts, snapshot.generation, snapshot.draft ?? null),
  })
}

function takeDelta(session: Session, delta: Delta): Step {
  // Without an open turn the message is finished, failed or erased: a late piece must not raise its ghost.
  if (!session.state.turns.some(({ messageId }) => messageId === delta.message_id)) return step(session)
  const { drafts, lost } = applyDelta(session.drafts, delta)
  return step({ ...session, drafts }, lost ? 'snapshot' : null)
}

function takeSignal(session: Session, signal: Signal, now: number): Step {
  switch (signal.type) {
    case 'message.delta':
      return takeDelta(session, signal.body)
    case 'draft.withdrawn':
      if (signal.body.generation < session.drafts.generation) return step(session)
      return step({ ...session, drafts: withdraw(session.drafts, signal.body.message_id) })
    case 'presence':
      return step({ ...session, viewers: signal.body.viewers })
    case 'participant.typing': {
      const { participant_id: id, on, business = null } = signal.body
      if (!on) return step({ ...session, typing: without(session.typing, id) })
      return step({
        ...session,
        typing: new Map(session.typing).set(id, { business, until: now + TYPING_MS }),
      })
    }
  }
}

/** Takes one frame. While events are missing, everything is held until `refill`. */
export function receive(session: Session, frame: FeedFrame, now: number): Step {
  if (session.held) {
    const held = session.held.length < MAX_HELD ? [...session.held, frame] : session.held
    return step({ ...session, held })
  }
  switch (frame.kind) {
    case 'event':
      return takeEvent(session, frame)
    case 'control':
      return takeSnapshot(session, frame)
    case 'signal':
      return takeSignal(session, frame, now)
  }
}

/** A heartbeat's head beyond ours means that a last event was lost. */
export function heartbeat(session: Session, head: number): Step {
  if (session.held || head <= session.state.headSeq) return step(session)
  return step({ ...session, held: [] }, 'events')
}

/** Folds the missing events, then what was held meanwhile; the most pressing need wins. */
export function refill(session: Session, events: readonly Envelope[], now: number): Step {
  const held = session.held ?? []
  let next: Session = { ...session, held: null }
  let need: Need = null
  for (const event of events) {
    if (judge(next.state.headSeq, event.seq) === 'next') next = fold(next, event)
  }
  for (const frame of held) {
    const after = receive(next, frame, now)
    next = after.session
    need = after.need ?? need
  }
  // What is held again waits for events: a missing piece of a draft comes after them.
  return step(next, next.held ? 'events' : need)
}
