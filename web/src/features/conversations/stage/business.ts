/** What each participant is doing right now, as the audience sees it. Pure. */
import type { Persona } from '#lib/api/types.ts'
import type { View } from '#live/conversationStore.ts'
import type { ConversationState, Participant, Turn } from '#live/state.ts'
import { stage } from '#messages/stage.ts'

export type Light = 'speaking' | 'chosen' | 'eager' | 'resting' | 'dark'

export interface Doing {
  readonly light: Light
  readonly phrase: string
  /** How much they wanted the floor at the last choice, 0…1; null while speaking or before any choice. */
  readonly bid: number | null
  readonly rhythm: Persona['rhythm']
}

/** A chosen participant who is still silent after this is thinking. */
const THINKING_MS = 5_000
const EAGER = 0.6

function hash(text: string): number {
  let value = 2166136261
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 16777619)
  return value >>> 0
}

/** One of the persona's phrases for a state; the same for all viewers of the same message. */
export function phraseOf(
  persona: Persona | undefined,
  state: keyof Persona['business'],
  messageId: string,
  participantId: string,
): string {
  const phrases = persona?.business[state] ?? []
  return phrases[hash(messageId + participantId) % phrases.length] ?? ''
}

export function personaOf(
  personas: readonly Persona[],
  { personaId, slug }: Participant,
): Persona | undefined {
  return personas.find((each) => each.id === personaId || each.slug === slug)
}

export function bidOf({ decision }: ConversationState, participantId: string): number | null {
  return decision?.bids.find((bid) => bid.participant_id === participantId)?.value ?? null
}

/** The open turn of a participant, be it as the one who goes on with another's line. */
export const turnOf = ({ turns }: ConversationState, id: string): Turn | undefined =>
  turns.find((turn) => turn.participantId === id || turn.with === id)

export interface Moment {
  readonly view: View
  /** Whether words of the participant's open turn are already on the stage. */
  readonly speaking: boolean
  readonly now: number
}

function chosen(persona: Persona | undefined, id: string, turn: Turn, now: number): string {
  const state = now - Date.parse(turn.at) > THINKING_MS ? 'thinking' : 'chosen'
  return phraseOf(persona, state, turn.messageId, id) || stage.aboutToSpeak
}

export function doingOf(participant: Participant, persona: Persona | undefined, moment: Moment): Doing {
  const { state, typing } = moment.view
  const { id } = participant
  const rhythm = persona?.rhythm ?? 'even'
  const still = (phrase: string): Doing => ({ light: 'dark', phrase, bid: null, rhythm })
  if (state.status === 'ended') return still('')
  if (participant.muted) return still(stage.muted)
  const turn = turnOf(state, id)
  if (turn && moment.speaking) return { light: 'speaking', phrase: stage.speaking, bid: null, rhythm }
  const bid = state.decision?.participantId === id ? null : bidOf(state, id)
  if (turn) return { light: 'chosen', phrase: chosen(persona, id, turn, moment.now), bid: null, rhythm }
  if (state.status !== 'running') return still(stage.waiting)
  const about = typing.get(id)
  if (about && about.until > moment.now)
    return { light: 'chosen', phrase: about.business ?? stage.aboutToSpeak, bid, rhythm }
  const eager = bid !== null && bid >= EAGER
  const last = state.turns.at(-1)?.messageId ?? state.notes.at(-1)?.id ?? ''
  return {
    light: eager ? 'eager' : 'resting',
    phrase: phraseOf(persona, eager ? 'eager' : 'listening', last, id),
    bid,
    rhythm,
  }
}
