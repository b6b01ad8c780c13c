/** What stands behind a turn in the log. Pure. */
import type { Bodies, Envelope } from '#live/events.ts'

export interface Told {
  readonly note: string
  /** What the director gave it against; null: a person gave it. */
  readonly because: string | null
}

/** The director's notes that were for this turn: its own, and those given since the speaker's last one. */
export function notesFor(
  {
    participant_id: speaker,
    turn_id: turnId,
    note,
  }: Pick<Bodies['turn.started'], 'participant_id' | 'turn_id' | 'note'>,
  events: readonly Envelope[],
): readonly Told[] {
  const last = events.findLastIndex(
    ({ type, body }) => type === 'turn.started' && body.participant_id === speaker && body.turn_id !== turnId,
  )
  const given = events.slice(last + 1).flatMap(({ type, body }): Told[] => {
    const forAll = body.participant_id === undefined || body.participant_id === null
    if (type !== 'director.noted' || !(forAll || body.participant_id === speaker)) return []
    return [{ note: String(body.note), because: typeof body.because === 'string' ? body.because : null }]
  })
  const own = note && !given.some((each) => each.note === note) ? [{ note, because: null }] : []
  return [...given, ...own]
}
