/** Folds what is said: turns that begin, fail and end in a message, and what viewers say. */
import type { Envelope } from './events.ts'
import { type Fold, type Of, tell, told } from './folding.ts'
import { type ConversationState, type Line, PLAIN, type Row, words } from './state.ts'

type State = ConversationState

function nameOf(state: State, participantId: string): string {
  return state.participants.find(({ id }) => id === participantId)?.name ?? participantId
}

/** Who hears it besides the speaker, where not all do. */
export function hearers(
  { visibility }: { readonly visibility?: Envelope['visibility'] | null },
  speaker: string | null,
): Line['to'] {
  return visibility && typeof visibility === 'object' ? visibility.filter((id) => id !== speaker) : null
}

function withoutTurn(state: State, messageId: string): State {
  return { ...state, turns: state.turns.filter((turn) => turn.messageId !== messageId) }
}

/** Replaces the row in its place; a line whose beginning we never saw goes to the end. */
function place(rows: readonly Row[], line: Line): readonly Row[] {
  const index = rows.findLastIndex(({ id }) => id === line.id)
  return index < 0 ? [...rows, line] : rows.with(index, line)
}

function said(state: State, line: Line): State {
  const { id, seq, participantId, text, at } = line
  const note = {
    id,
    seq,
    participantId,
    with: line.with?.participantId ?? null,
    words: words(text),
    warmth: null,
    at,
  }
  return { ...state, rows: place(state.rows, line), notes: [...state.notes, note] }
}

/** Whether the participant's last line was read by an understudy too: the change is told once, not at every line. */
function wasUnderstudied(rows: readonly Row[], participantId: string): boolean {
  const last = rows.findLast((row): row is Line => row.kind === 'line' && row.participantId === participantId)
  return Boolean(last?.route?.understudy_for)
}

/** The understudy is named before the line it reads, which may be known only when the line is there. */
function introduced(state: State, event: Of<'message.completed'>): State {
  const { participant_id: participantId, message_id: messageId, route } = event.body
  const at = state.rows.findLastIndex(({ id }) => id === messageId)
  const before = at < 0 ? state.rows : state.rows.slice(0, at)
  const draft = state.rows[at]
  const known = draft?.kind === 'line' && draft.route?.understudy_for
  if (!route?.understudy_for || known || wasUnderstudied(before, participantId)) return state
  return {
    ...state,
    rows: [
      ...tell(before, event, { type: 'understudy', participantId, route }),
      ...state.rows.slice(before.length),
    ],
  }
}

export const turnStarted: Fold<'turn.started'> = (state, event) => {
  const { at, seq, body } = event
  const { message_id: messageId, participant_id: participantId, generation } = body
  const route = body.route ?? null
  const partner = body.with?.participant_id ?? null
  // An older generation was fenced off: its line will never be finished.
  const turns = state.turns.filter((turn) => turn.generation >= generation)
  const lost = new Set(
    state.turns.filter((turn) => turn.generation < generation).map((turn) => turn.messageId),
  )
  let rows: readonly Row[] = state.rows.filter((row) => !lost.has(row.id))
  if (turns.length > 0) rows = tell(rows, event, { type: 'overlap', participantId })
  if (route?.understudy_for && !wasUnderstudied(rows, participantId)) {
    rows = tell(rows, event, { type: 'understudy', participantId, route })
  }
  const line: Line = {
    ...PLAIN,
    id: messageId,
    seq,
    at,
    author: { kind: 'persona', name: nameOf(state, participantId) },
    participantId,
    text: '',
    draft: true,
    scripted: route?.provider === 'scripted',
    route,
    with: partner === null ? null : { participantId: partner, offset: null },
    to: hearers(event, participantId),
    turnId: body.turn_id,
  }
  return {
    ...state,
    rows: [...rows, line],
    turns: [...turns, { turnId: body.turn_id, messageId, participantId, with: partner, generation, at }],
    decision: {
      participantId,
      cause: body.cause,
      bids: body.bids,
      pauseMs: body.pause_ms,
      energy: body.energy ?? null,
      moods: body.moods ?? {},
    },
  }
}

export const turnFailed: Fold<'turn.failed'> = (state, event) => {
  const {
    turn_id: turnId,
    message_id: messageId,
    participant_id: participantId,
    code,
    detail = null,
    retryable = false,
  } = event.body
  const next = withoutTurn(state, messageId)
  const rows = next.rows.filter(({ id }) => id !== messageId)
  return told({ ...next, rows }, event, {
    type: 'turn.failed',
    turnId,
    participantId,
    code,
    detail,
    retryable,
  })
}

export const completed: Fold<'message.completed'> = (state, event) => {
  const { at, seq, body } = event
  return said(introduced(withoutTurn(state, body.message_id), event), {
    ...PLAIN,
    id: body.message_id,
    seq,
    at,
    author: { kind: 'persona', name: nameOf(state, body.participant_id) },
    participantId: body.participant_id,
    text: body.text,
    ending: body.ending ?? 'complete',
    scripted: body.scripted ?? false,
    route: body.route ?? null,
    with: body.with ? { participantId: body.with.participant_id, offset: body.with.offset } : null,
    to: hearers(event, body.participant_id),
    turnId: body.turn_id,
    usage: body.usage ?? null,
    timings: body.timings ?? null,
    signals: body.signals ?? null,
  })
}

export const posted: Fold<'message.posted'> = (state, event) => {
  const { at, seq, body } = event
  return said(state, {
    ...PLAIN,
    id: body.message_id,
    seq,
    at,
    author: { kind: body.author.kind, name: body.author.name },
    participantId: null,
    text: body.text,
    to: hearers(event, null),
    pictures: body.images ?? [],
  })
}

export const redacted: Fold<'message.redacted'> = (state, { body }) => ({
  ...state,
  rows: state.rows.map((row) =>
    row.kind === 'line' && row.id === body.message_id ? { ...row, text: '', redacted: true } : row,
  ),
})
