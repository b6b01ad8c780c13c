/** The words of the live line: frames as the server sends them and the reading of one socket message. */
import type { Envelope, Status } from './events.ts'

export interface WireDraft {
  readonly message_id: string
  readonly turn_id?: string
  readonly participant_id: string
  readonly generation: number
  readonly text: string
}

export interface Delta {
  readonly message_id: string
  readonly participant_id: string
  readonly generation: number
  readonly offset: number
  readonly text: string
}

interface About {
  readonly conversation_id: string
}

export interface Hello {
  readonly kind: 'control'
  readonly type: 'hello'
  readonly store_id: string
  readonly heartbeat_s: number
  readonly server_time: string
}

export interface Snapshot extends About {
  readonly kind: 'control'
  readonly type: 'snapshot'
  readonly status: Status
  readonly generation: number
  readonly from_seq: number
  readonly head_seq: number
  readonly truncated: boolean
  readonly viewers: number
  readonly next_turn_at?: string | null
  readonly draft?: WireDraft | null
}

export interface Heartbeat {
  readonly kind: 'control'
  readonly type: 'heartbeat'
  readonly at: string
  readonly head_seq: Readonly<Record<string, number>>
}

export interface Draining {
  readonly kind: 'control'
  readonly type: 'server.draining'
  readonly retry_ms: number
}

export interface WireError {
  readonly kind: 'control'
  readonly type: 'error'
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly conversation_id?: string
}

export interface Degraded {
  readonly kind: 'control'
  readonly type: 'degraded'
  readonly what: string
}

export interface Resync extends About {
  readonly kind: 'control'
  readonly type: 'resync'
}

export type EventFrame = Envelope & { readonly kind: 'event' }

interface SignalOf<T extends string, B> extends About {
  readonly kind: 'signal'
  readonly type: T
  readonly body: B
}

export type DeltaSignal = SignalOf<'message.delta', Delta>
export type TypingSignal = SignalOf<
  'participant.typing',
  { readonly participant_id: string; readonly on: boolean; readonly business?: string | null }
>
export type WithdrawnSignal = SignalOf<
  'draft.withdrawn',
  { readonly message_id: string; readonly generation: number }
>
export type PresenceSignal = SignalOf<'presence', { readonly viewers: number }>

export type Control = Hello | Snapshot | Heartbeat | Draining | WireError | Degraded | Resync
export type Signal = DeltaSignal | TypingSignal | WithdrawnSignal | PresenceSignal
export type Frame = Control | EventFrame | Signal
/** What concerns one conversation and is folded in order of arrival. */
export type FeedFrame = Snapshot | EventFrame | Signal

const CONTROLS = new Set<string>([
  'hello',
  'snapshot',
  'heartbeat',
  'server.draining',
  'error',
  'degraded',
  'resync',
])
const SIGNALS = new Set<string>(['message.delta', 'participant.typing', 'draft.withdrawn', 'presence'])

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isFrame(value: unknown): boolean {
  if (!isRecord(value) || typeof value.type !== 'string') return false
  switch (value.kind) {
    case 'event':
      return typeof value.conversation_id === 'string' && Number.isInteger(value.seq) && isRecord(value.body)
    case 'signal':
      return SIGNALS.has(value.type) && typeof value.conversation_id === 'string' && isRecord(value.body)
    case 'control':
      return CONTROLS.has(value.type)
    default:
      return false
  }
}

/** The frames of one socket message: an array of them or a single one. What we do not understand is left out. */
export function parse(message: string): readonly Frame[] {
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    return []
  }
  const frames: unknown[] = Array.isArray(value) ? value : [value]
  return frames.filter(isFrame) as Frame[]
}
