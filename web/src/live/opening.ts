/** Turns what HTTP says of a conversation into the state that the live frames go on from, and puts older pages in front. */
import type {
  AuthorKind,
  Ending,
  Envelope,
  Pace,
  Picture,
  Route,
  Status,
  Timings,
  Usage,
  WireParticipant,
} from './events.ts'
import { type Reacted, summed } from './feelings.ts'
import { reduce } from './reduce.ts'
import { blank, type ConversationState, LIVELY, type Line, PLAIN, type Row, seated } from './state.ts'
import { hearers } from './talk.ts'

/** The fields of the conversation resource that the stage reads. */
export interface WireConversation {
  readonly id: string
  readonly title: string
  readonly topic: string
  readonly status: Status
  readonly ended_because?: string | null
  readonly paused_because?: string | null
  readonly resume_at?: string | null
  readonly head_seq: number
  readonly created_at: string
  readonly started_at?: string | null
  readonly ended_at?: string | null
  readonly pace: Pace
  readonly participants: readonly WireParticipant[]
  readonly message_count: number
  /** The name under which the log keeps what this viewer does. */
  readonly viewer?: string
}

/** The fields of the message resource that the stage reads. */
export interface WireMessage {
  readonly id: string
  readonly seq: number
  readonly participant_id?: string | null
  readonly author: { readonly kind: AuthorKind; readonly name: string }
  readonly text: string
  readonly at: string
  readonly route?: Route | null
  readonly ending?: Ending | null
  readonly scripted?: boolean
  readonly with?: { readonly participant_id: string; readonly offset: number } | null
  readonly visibility?: readonly string[] | null
  readonly usage?: Usage | null
  readonly timings?: Timings | null
  readonly images?: readonly Picture[] | null
  readonly reactions?: Readonly<Record<string, number>>
  readonly mine?: readonly string[] | null
}

/** The state of the conversation with no row yet: its log is to be folded from `after` on. */
export function opened(conversation: WireConversation, after: number): ConversationState {
  return {
    ...blank(conversation.id),
    headSeq: after,
    fromSeq: after + 1,
    status: conversation.status,
    title: conversation.title,
    topic: conversation.topic,
    pace: conversation.pace,
    createdAt: conversation.created_at,
    startedAt: conversation.started_at ?? null,
    endedAt: conversation.ended_at ?? null,
    pausedBecause: conversation.paused_because ?? null,
    resumeAt: conversation.resume_at ?? null,
    endedBecause: conversation.ended_because ?? null,
    participants: conversation.participants.map(seated),
    me: conversation.viewer ?? 'host',
  }
}

function line(message: WireMessage): Line {
  return {
    ...PLAIN,
    id: message.id,
    seq: message.seq,
    at: message.at,
    author: message.author,
    participantId: message.participant_id ?? null,
    text: message.text,
    ending: message.ending ?? 'complete',
    scripted: message.scripted ?? false,
    route: message.route ?? null,
    with: message.with ? { participantId: message.with.participant_id, offset: message.with.offset } : null,
    to: hearers(message, message.participant_id ?? null),
    usage: message.usage ?? null,
    timings: message.timings ?? null,
    pictures: message.images ?? [],
  }
}

function reactedTo({ reactions = {}, mine }: WireMessage): Readonly<Record<string, Reacted>> {
  const counts = Object.entries(reactions)
  return Object.fromEntries(
    counts.map(([emoji, count]) => [emoji, { count, mine: mine?.includes(emoji) ? 1 : 0 }]),
  )
}

/** What can be shown at once, from the page's own island, while the log is still on its way. */
export function glimpse(conversation: WireConversation, messages: readonly WireMessage[]): ConversationState {
  return {
    ...opened(conversation, conversation.head_seq),
    rows: messages.map(line),
    reactions: Object.fromEntries(messages.map((message) => [message.id, reactedTo(message)])),
    earlier: conversation.message_count,
  }
}

/** Folds the newest part of the log and counts what lies before it. */
export function folded(
  conversation: WireConversation,
  after: number,
  events: readonly Envelope[],
): ConversationState {
  const state = events.reduce(reduce, opened(conversation, after))
  const counted = state.notes.filter(({ seq }) => seq <= conversation.head_seq).length
  return { ...state, earlier: state.fromSeq === 1 ? 0 : Math.max(0, conversation.message_count - counted) }
}

/** Puts an older part of the log in front. Turns that cross its edge are already there, as they ended. */
export function prepend(state: ConversationState, events: readonly Envelope[]): ConversationState {
  const [first] = events
  if (!first) return state
  const { id, me, participants } = state
  const start = { ...blank(id), me, participants, headSeq: first.seq - 1, pace: LIVELY }
  const older = events.reduce(reduce, start)
  const known = new Set(state.rows.map(({ id }) => id))
  const fits = (row: Row) => !known.has(row.id) && !(row.kind === 'line' && row.draft)
  return {
    ...state,
    fromSeq: first.seq,
    rows: [...older.rows.filter(fits), ...state.rows],
    notes: [...older.notes, ...state.notes],
    topics: [...older.topics, ...state.topics],
    reactions: summed(older.reactions, state.reactions),
    earlier: first.seq === 1 ? 0 : Math.max(0, state.earlier - older.notes.length),
  }
}
