/** Folds the log: one event and the state before it give the state after it. */
import type { Envelope, EventType } from './events.ts'
import { reactionAdded, reactionRemoved, relationChanged } from './feelings.ts'
import { type Fold, type Of, told } from './folding.ts'
import { type ConversationState, LIVELY, type Participant, seated } from './state.ts'
import { completed, posted, redacted, turnFailed, turnStarted } from './talk.ts'

type State = ConversationState

function changeParticipant(state: State, id: string, change: Partial<Participant>): State {
  return {
    ...state,
    participants: state.participants.map((each) => (each.id === id ? { ...each, ...change } : each)),
  }
}

const created: Fold<'conversation.created'> = (state, { body, at, seq }) => ({
  ...state,
  title: body.title ?? body.topic,
  topic: body.topic,
  pace: body.pace ?? LIVELY,
  createdAt: at,
  participants: state.participants.length > 0 ? state.participants : body.participants.map(seated),
  topics: [{ topic: body.topic, seq }],
})

const paused: Fold<'conversation.paused'> = (state, event) => {
  const because = event.body.because ?? null
  const resumeAt = event.body.resume_at ?? null
  const next: State = { ...state, status: 'paused', pausedAt: event.at, pausedBecause: because, resumeAt }
  return told(next, event, { type: 'conversation.paused', because, resumeAt })
}

const runs = (state: State): State => ({
  ...state,
  status: 'running',
  pausedAt: null,
  pausedBecause: null,
  resumeAt: null,
})

const ended: Fold<'conversation.ended'> = (state, event) => {
  const { because, finale = false } = event.body
  const next: State = {
    ...state,
    status: 'ended',
    endedAt: event.at,
    endedBecause: because,
    resumeAt: null,
  }
  return told(next, event, { type: 'conversation.ended', because, finale })
}

const cleared: Fold<'conversation.cleared'> = (state, event) => {
  const later = ({ seq }: { seq: number }) => seq > event.body.up_to_seq
  const next: State = {
    ...state,
    rows: state.rows.filter(later),
    notes: state.notes.filter(later),
    decision: null,
    earlier: 0,
    fromSeq: 1,
  }
  return told(next, event, { type: 'conversation.cleared' })
}

const joined: Fold<'participant.joined'> = (state, event) => {
  const { participant_id: participantId, participant } = event.body
  const known = state.participants.find(({ id }) => id === participantId)
  const newcomer = participant ? seated(participant) : null
  if (newcomer && !known) {
    const next = { ...state, participants: [...state.participants, newcomer] }
    return told(next, event, { type: 'participant.joined', participantId })
  }
  const next = changeParticipant(state, participantId, {
    ...newcomer,
    present: true,
    muted: known?.muted ?? false,
  })
  if (!newcomer || !known?.present) return told(next, event, { type: 'participant.joined', participantId })
  const { provider, model } = newcomer
  return told(next, event, { type: 'participant.recast', participantId, provider, model })
}

type Seating = 'participant.left' | 'participant.unmuted' | 'participant.invited'

function changes(type: Seating, change: Partial<Participant>) {
  return (state: State, event: Of<Seating>): State =>
    told(changeParticipant(state, event.body.participant_id, change), event, {
      type,
      participantId: event.body.participant_id,
    })
}

const muted: Fold<'participant.muted'> = (state, event) => {
  const { participant_id: participantId, because = null } = event.body
  const next = changeParticipant(state, participantId, { muted: true })
  return told(next, event, { type: 'participant.muted', participantId, because })
}

const topicChanged: Fold<'topic.changed'> = (state, event) => {
  const { topic, cause = null } = event.body
  const next: State = { ...state, topic, topics: [...state.topics, { topic, seq: event.seq }] }
  return told(next, event, { type: 'topic.changed', topic, cause })
}

const FOLDS: { readonly [T in EventType]: Fold<T> } = {
  'conversation.created': created,
  'conversation.started': (state, event) =>
    told({ ...runs(state), startedAt: event.at }, event, { type: 'conversation.started' }),
  'conversation.resumed': (state, event) => told(runs(state), event, { type: 'conversation.resumed' }),
  'conversation.paused': paused,
  'conversation.ended': ended,
  'conversation.renamed': (state, { body }) => ({ ...state, title: body.title }),
  'conversation.cleared': cleared,
  'conversation.paced': (state, { body }) => ({ ...state, pace: body.pace }),
  'participant.joined': joined,
  'participant.left': changes('participant.left', { present: false }),
  'participant.muted': muted,
  'participant.unmuted': changes('participant.unmuted', { muted: false }),
  'participant.invited': changes('participant.invited', {}),
  'topic.changed': topicChanged,
  'turn.started': turnStarted,
  'turn.failed': turnFailed,
  'message.completed': completed,
  'message.posted': posted,
  'message.redacted': redacted,
  'reaction.added': reactionAdded,
  'reaction.removed': reactionRemoved,
  'relation.changed': relationChanged,
}

/** What a list of the stalls is asked anew after. */
const STALLS = /^(?:poll|highlight|topic)\./

/** The caller passes events in order of seq, each once; a type we do not know only moves the head. */
export function reduce(state: State, event: Envelope): State {
  const fold = Object.hasOwn(FOLDS, event.type)
    ? (FOLDS[event.type as EventType] as (state: State, event: Envelope) => State)
    : null
  const next = fold ? fold(state, event) : state
  const stallsSeq = STALLS.test(event.type) ? event.seq : next.stallsSeq
  return { ...next, stallsSeq, headSeq: event.seq }
}
