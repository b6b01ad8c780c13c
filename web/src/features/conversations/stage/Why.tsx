/** Why somebody spoke: what gave them the floor, who else wanted it, and what they were told and reminded of. */
import { useQuery } from '@tanstack/react-query'
import { gelOf } from '#design/gels.ts'
import type { Bodies, Envelope, WireBid } from '#live/events.ts'
import type { ConversationState } from '#live/state.ts'
import { floor } from '#messages/floor.ts'
import { panel } from '#messages/panel.ts'
import { stage } from '#messages/stage.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Meter } from '#ui/Meter.tsx'
import { notesQuery, turnStoryQuery } from '../api/minds.ts'
import { notesFor } from '../model/story.ts'
import { leftOut, reasonOf } from '../model/wishes.ts'
import './Why.css'

type Started = Bodies['turn.started']

interface PartProps {
  readonly state: ConversationState
  readonly began: Started
}

/** So many terms of a bid are worth telling. */
const TERMS = 3

interface BidProps {
  readonly state: ConversationState
  readonly bid: WireBid
  /** Left out of the draw, whatever they bid. */
  readonly out: boolean
}

function Bid({ state, bid, out }: BidProps) {
  const seat = state.participants.find(({ id }) => id === bid.participant_id)
  const name = seat?.short ?? bid.participant_id
  const terms = Object.entries(bid.terms ?? {})
    .filter(([, value]) => Math.abs(value) >= 0.05)
    .toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, TERMS)
  return (
    <li className="why-bid" data-gel={gelOf(seat?.color)}>
      <b>{name}</b>
      <span className="t-time">
        {floor.bid(bid.value)}
        {bid.chance !== undefined && !out && ` · ${floor.chance(bid.chance)}`}
      </span>
      <Meter label={stage.wants(name)} value={bid.value} />
      <em>
        {out ? floor.leftOut(seat?.muted === true) : floor.reason(reasonOf(bid))}
        {bid.said && (
          <>
            : <q dir="auto">{bid.said}</q>
          </>
        )}
      </em>
      {terms.length > 0 && (
        <span className="why-terms t-small">
          {terms.map(([code, value]) => (
            <span key={code}>
              {floor.term(code)} <span className="t-time">{floor.weight(value)}</span>
            </span>
          ))}
        </span>
      )}
    </li>
  )
}

function Reminders({ state, began }: PartProps) {
  const wanted = began.recalled ?? []
  const { data: notes = [] } = useQuery({ ...notesQuery(state.id), enabled: wanted.length > 0 })
  if (wanted.length === 0) return null
  return (
    <>
      <h4>{floor.reminded}</h4>
      <ul>
        {wanted.map((id) => {
          const note = notes.find((each) => each.id === id)
          return <li key={id}>{note ? <q dir="auto">{note.text}</q> : <em>{floor.forgotten}</em>}</li>
        })}
      </ul>
    </>
  )
}

function Told({ began, events }: { readonly began: Started; readonly events: readonly Envelope[] }) {
  const notes = notesFor(began, events)
  if (notes.length === 0) return null
  return (
    <>
      <h4>{floor.directorNote}</h4>
      <ul>
        {notes.map(({ note, because }) => (
          <li key={note}>
            <q dir="auto">{note}</q> <em>{floor.noteBecause(because)}</em>
          </li>
        ))}
      </ul>
    </>
  )
}

function Moods({ state, began }: PartProps) {
  const moods = Object.entries(began.moods ?? {})
  const nameOf = (id: string) => state.participants.find((each) => each.id === id)?.short ?? id
  if (moods.length === 0) return null
  return (
    <>
      <h4>{floor.moodThen}</h4>
      <ul>
        {moods.map(([id, mood]) => (
          <li key={id}>
            <span aria-hidden="true">{panel.mood(mood)[0]}</span> {nameOf(id)}: {panel.mood(mood)[1]}
          </li>
        ))}
      </ul>
    </>
  )
}

export interface WhyProps {
  readonly state: ConversationState
  readonly turnId: string
  readonly seq: number
  readonly name: string
}

export function Why({ state, turnId, seq, name }: WhyProps) {
  const { data: events, error, isPending, refetch } = useQuery(turnStoryQuery(state.id, turnId, seq))
  const began = events?.at(-1)?.body as Started | undefined
  return (
    <section className="why" aria-busy={isPending}>
      <h3 className="t-caption">{floor.why(name)}</h3>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {events && !began && <p className="field-hint">{floor.noStory}</p>}
      {events && began && (
        <>
          <p className="why-cause">
            {floor.whyCause(name, began.cause)} <span>{floor.afterPause(began.pause_ms)}</span>
          </p>
          {began.directed_by && (
            <p className="field-hint">
              {floor.directedBy(began.directed_by.director, began.directed_by.why)}
            </p>
          )}
          <Told began={began} events={events} />
          <h4>{floor.bids}</h4>
          <ul>
            {began.bids
              .toSorted((a, b) => b.value - a.value)
              .map((bid) => (
                <Bid
                  key={bid.participant_id}
                  state={state}
                  bid={bid}
                  out={leftOut(bid, began.bids, began.participant_id)}
                />
              ))}
          </ul>
          <Reminders state={state} began={began} />
          <Moods state={state} began={began} />
        </>
      )}
    </section>
  )
}
