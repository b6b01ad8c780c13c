/** The log as the wire tells it: envelopes and the bodies of the events this client folds. */

export type Status = 'created' | 'running' | 'paused' | 'ended'
export type Cause = 'addressed' | 'owed' | 'self_selected' | 'overdue' | 'continued' | 'invited' | 'duet'
export type Ending = 'complete' | 'length' | 'cut_off' | 'refused'
export type AuthorKind = 'persona' | 'viewer' | 'host' | 'system'

export interface Route {
  readonly provider: string
  readonly model: string
  readonly understudy_for?: string | null
  readonly why?: string | null
}

/** What a line took. */
export interface Usage {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cached_tokens?: number
  /** US dollars; absent where no price is known. */
  readonly cost?: number | null
  readonly estimated?: boolean
}

export interface Timings {
  readonly first_token_ms: number
  readonly duration_ms: number
}

/** A picture a viewer holds up; the file itself is asked for by its id. */
export interface Picture {
  readonly id: string
  readonly width: number
  readonly height: number
}

export interface WireBid {
  readonly participant_id: string
  readonly value: number
  readonly reason: string
  readonly chance?: number
  readonly terms?: Readonly<Record<string, number>>
  /** What a model in the wings says for them. */
  readonly said?: string
}

export interface WireParticipant {
  readonly id: string
  readonly name: string
  readonly short?: string | null
  readonly slug?: string | null
  readonly persona_id?: string | null
  readonly color?: string | null
  readonly mask?: string | null
  readonly provider?: string | null
  readonly model?: string | null
  readonly muted?: boolean
}

export interface Pace {
  readonly mode: 'stream' | 'human' | 'instant'
  readonly speed: number
}

/** What was found in a line. */
export interface Signals {
  readonly emotion?: string | null
  readonly acts?: readonly string[] | null
}

/** Who says the second part of a line that two say together. */
export interface WirePartner {
  readonly participant_id: string
}

type Nothing = Readonly<Record<string, unknown>>

/** What each event says; fields we do not read are left out, types we do not know are folded as nothing. */
export interface Bodies {
  'conversation.created': {
    readonly title?: string | null
    readonly topic: string
    readonly participants: readonly WireParticipant[]
    readonly pace?: Pace
  }
  'conversation.started': Nothing
  'conversation.resumed': Nothing
  'conversation.paused': { readonly because?: string | null; readonly resume_at?: string | null }
  'conversation.ended': { readonly because: string; readonly finale?: boolean }
  'conversation.renamed': { readonly title: string }
  'conversation.cleared': { readonly up_to_seq: number }
  'conversation.paced': { readonly pace: Pace }
  'participant.joined': { readonly participant_id: string; readonly participant?: WireParticipant | null }
  'participant.left': { readonly participant_id: string }
  'participant.muted': { readonly participant_id: string; readonly because?: string | null }
  'participant.unmuted': { readonly participant_id: string }
  'participant.invited': { readonly participant_id: string }
  'topic.changed': { readonly topic: string; readonly from?: string | null; readonly cause?: string }
  'turn.started': {
    readonly turn_id: string
    readonly message_id: string
    readonly participant_id: string
    readonly generation: number
    readonly cause: Cause
    readonly pause_ms: number
    readonly bids: readonly WireBid[]
    readonly route?: Route | null
    readonly note?: string | null
    readonly recalled?: readonly string[] | null
    readonly energy?: number | null
    readonly moods?: Readonly<Record<string, string>> | null
    readonly directed_by?: { readonly director: string; readonly why: string } | null
    readonly with?: WirePartner | null
  }
  'turn.failed': {
    readonly turn_id: string
    readonly message_id: string
    readonly participant_id: string
    readonly code: string
    readonly detail?: string | null
    readonly retryable?: boolean
  }
  'message.completed': {
    readonly turn_id: string
    readonly message_id: string
    readonly participant_id: string
    readonly text: string
    readonly ending?: Ending
    readonly route?: Route | null
    readonly scripted?: boolean
    readonly with?: (WirePartner & { readonly offset: number }) | null
    readonly usage?: Usage | null
    readonly timings?: Timings | null
    readonly signals?: Signals | null
  }
  'message.posted': {
    readonly message_id: string
    readonly author: { readonly kind: AuthorKind; readonly name: string }
    readonly text: string
    readonly to?: string | null
    readonly images?: readonly Picture[] | null
  }
  'message.redacted': { readonly message_id: string }
  'relation.changed': {
    readonly from: string
    readonly to: string
    readonly affinity: number
    readonly delta: number
    readonly evidence: string | { readonly message_id: string }
    readonly alliance?: 'formed' | 'ended' | null
    readonly conflict?: 'banter' | 'heated' | 'hostile' | null
  }
  'reaction.added': { readonly message_id: string; readonly emoji: string }
  'reaction.removed': { readonly message_id: string; readonly emoji: string }
}

export type EventType = keyof Bodies

interface EnvelopeOf<T extends string, B> {
  readonly conversation_id: string
  readonly seq: number
  readonly type: T
  readonly version?: number
  readonly actor?: { readonly type: string; readonly id?: string | null } | null
  readonly at: string
  /** Who hears it, if not all of the cast do. */
  readonly visibility?: 'all' | readonly string[]
  readonly body: B
}

export type KnownEnvelope = { [T in EventType]: EnvelopeOf<T, Bodies[T]> }[EventType]
/** An event as stored. The type may be one this client has never heard of. */
export type Envelope = EnvelopeOf<string, Nothing>
