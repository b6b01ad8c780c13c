/** What the screen knows of one conversation: a frozen value that only `reduce` moves on. */
import type {
  AuthorKind,
  Cause,
  Ending,
  Pace,
  Picture,
  Route,
  Signals,
  Status,
  Timings,
  Usage,
  WireBid,
  WireParticipant,
} from './events.ts'
import { AT_FIRST, type InTheStalls, type Reactions } from './feelings.ts'

export interface Participant {
  readonly id: string
  readonly name: string
  /** The name in the margin of the script. */
  readonly short: string
  readonly slug: string
  readonly personaId: string
  readonly color: string
  readonly mask: string
  readonly provider: string
  readonly model: string
  readonly muted: boolean
  /** False once they left; their earlier lines keep name and colour. */
  readonly present: boolean
}

/** Who says the second part of a line; `offset` is where it begins, once that is known. */
export interface Partner {
  readonly participantId: string
  readonly offset: number | null
}

/** A message of the script: growing while `draft`, final afterwards. */
export interface Line {
  readonly kind: 'line'
  readonly id: string
  /** Of `turn.started` while it is a draft, then of the message itself. */
  readonly seq: number
  readonly at: string
  readonly author: { readonly kind: AuthorKind; readonly name: string }
  readonly participantId: string | null
  readonly text: string
  readonly draft: boolean
  readonly ending: Ending
  readonly scripted: boolean
  readonly route: Route | null
  readonly with: Partner | null
  /** Who of the cast hears it besides the speaker; null: all do. */
  readonly to: readonly string[] | null
  readonly redacted: boolean
  /** The turn it was said in; null for what a viewer said, and where only the page's island is known. */
  readonly turnId: string | null
  readonly usage: Usage | null
  readonly timings: Timings | null
  readonly signals: Signals | null
  readonly pictures: readonly Picture[]
}

export type Happening =
  | { readonly type: 'conversation.started' | 'conversation.resumed' | 'conversation.cleared' }
  | {
      readonly type: 'conversation.paused'
      readonly because: string | null
      readonly resumeAt: string | null
    }
  | { readonly type: 'conversation.ended'; readonly because: string; readonly finale: boolean }
  | {
      readonly type:
        | 'participant.joined'
        | 'participant.left'
        | 'participant.unmuted'
        | 'participant.invited'
        | 'overlap'
      readonly participantId: string
    }
  | {
      readonly type: 'participant.recast'
      readonly participantId: string
      readonly provider: string
      readonly model: string
    }
  | { readonly type: 'participant.muted'; readonly participantId: string; readonly because: string | null }
  | { readonly type: 'alliance'; readonly from: string; readonly to: string; readonly formed: boolean }
  | { readonly type: 'hostile'; readonly from: string; readonly to: string }
  | { readonly type: 'topic.changed'; readonly topic: string; readonly cause: string | null }
  | { readonly type: 'understudy'; readonly participantId: string; readonly route: Route }
  | {
      readonly type: 'turn.failed'
      readonly turnId: string
      readonly participantId: string
      readonly code: string
      readonly detail: string | null
      readonly retryable: boolean
    }

/** Something that happened on stage and is told in italics. */
export interface Direction {
  readonly kind: 'direction'
  readonly id: string
  readonly seq: number
  readonly at: string
  readonly what: Happening
}

export type Row = Line | Direction

/** A turn that has begun and is neither finished nor failed. */
export interface Turn {
  readonly turnId: string
  readonly messageId: string
  readonly participantId: string
  /** Who speaks along. */
  readonly with: string | null
  readonly generation: number
  readonly at: string
}

/** Why the last speaker was chosen and how much everybody wanted it; stands until the next choice. */
export interface Decision {
  readonly participantId: string
  readonly cause: Cause
  readonly bids: readonly WireBid[]
  readonly pauseMs: number
  /** How much life the topic still has; null where the house did not say. */
  readonly energy: number | null
  /** Who is in another mood than usual. */
  readonly moods: Readonly<Record<string, string>>
}

/** One bar of the score. */
export interface Note {
  readonly id: string
  readonly seq: number
  readonly participantId: string | null
  /** Who said half of it. */
  readonly with: string | null
  readonly words: number
  /** Sum of the relation changes that cite it; null when none does. */
  readonly warmth: number | null
  readonly at: string
}

export interface TopicMark {
  readonly topic: string
  readonly seq: number
}

export interface ConversationState extends InTheStalls {
  readonly id: string
  readonly headSeq: number
  /** The first seq the rows are complete from; 1 when the whole log is known. */
  readonly fromSeq: number
  readonly status: Status
  readonly title: string
  readonly topic: string
  readonly pace: Pace
  readonly createdAt: string | null
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly pausedAt: string | null
  readonly pausedBecause: string | null
  readonly resumeAt: string | null
  readonly endedBecause: string | null
  readonly participants: readonly Participant[]
  readonly rows: readonly Row[]
  readonly turns: readonly Turn[]
  readonly decision: Decision | null
  readonly notes: readonly Note[]
  readonly topics: readonly TopicMark[]
  readonly reactions: Reactions
  /** Where an alliance or a level of conflict last changed. */
  readonly bondSeq: number
  /** Messages before `fromSeq`, as the server counted them. */
  readonly earlier: number
}

/** What is true of a line when nothing else is said about it. */
export const PLAIN = {
  kind: 'line',
  draft: false,
  ending: 'complete',
  scripted: false,
  route: null,
  with: null,
  to: null,
  redacted: false,
  turnId: null,
  usage: null,
  timings: null,
  signals: null,
  pictures: [],
} as const

export const LIVELY: Pace = { mode: 'stream', speed: 1 }

export function blank(id: string): ConversationState {
  return {
    id,
    headSeq: 0,
    fromSeq: 1,
    status: 'created',
    title: '',
    topic: '',
    pace: LIVELY,
    createdAt: null,
    startedAt: null,
    endedAt: null,
    pausedAt: null,
    pausedBecause: null,
    resumeAt: null,
    endedBecause: null,
    participants: [],
    rows: [],
    turns: [],
    decision: null,
    notes: [],
    topics: [],
    reactions: {},
    bondSeq: 0,
    ...AT_FIRST,
    earlier: 0,
  }
}

export function seated(wire: WireParticipant): Participant {
  return {
    id: wire.id,
    name: wire.name,
    short: wire.short ?? wire.name.replace(/^The /, ''),
    slug: wire.slug ?? '',
    personaId: wire.persona_id ?? '',
    color: wire.color ?? '',
    mask: wire.mask ?? wire.slug ?? wire.id,
    provider: wire.provider ?? '',
    model: wire.model ?? '',
    muted: wire.muted ?? false,
    present: true,
  }
}

export function words(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}
