/** One poll: while it is open a vote on each answer, afterwards what came of it. */
import { useEffect, useRef } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import { stalls } from '#messages/stalls.ts'
import { notify } from '#ui/toast.ts'
import { type Poll, useVote } from '../api/stalls.ts'
import { useNow } from '../stage/playing.tsx'
import './Crowd.css'

function outcome({ open, winner, because }: Poll): string | null {
  if (open) return null
  return winner ? stalls.won(winner) : stalls.undecided(because ?? '')
}

function TimeLeft({ poll }: { readonly poll: Poll }) {
  const seconds = Math.ceil((new Date(poll.closes_at).getTime() - useNow()) / 1000)
  return <span className="t-time">{seconds > 0 ? stalls.left(seconds) : stalls.counting}</span>
}

interface AnswerProps {
  readonly poll: Poll
  readonly place: number
  readonly onVote: (place: number) => void
}

function Answer({ poll, place, onVote }: AnswerProps) {
  const bar = useRef<HTMLElement>(null)
  const option = poll.options[place] ?? ''
  const votes = poll.results?.[place]
  const share = votes === undefined || poll.votes === 0 ? 0 : votes / poll.votes
  const mine = poll.mine === place
  useEffect(() => {
    // The strict policy of the page allows no style attributes.
    if (bar.current) bar.current.style.transform = `scaleX(${share})`
  }, [share])
  const inside = (
    <>
      <i ref={bar} className="poll-bar" aria-hidden="true" />
      <span dir="auto">{option}</span>
      {votes !== undefined && (
        <b>
          {stalls.share(votes, Math.max(1, poll.votes))}
          {mine && <span className="visually-hidden">, {stalls.mine}</span>}
        </b>
      )}
    </>
  )
  if (!poll.open) {
    return (
      <li
        className="poll-answer"
        data-mine={mine || undefined}
        data-won={option === poll.winner || undefined}
      >
        {inside}
      </li>
    )
  }
  return (
    <li>
      <button
        type="button"
        className="poll-answer"
        aria-pressed={mine}
        data-mine={mine || undefined}
        onClick={() => onVote(place)}
      >
        {inside}
      </button>
    </li>
  )
}

export interface PollCardProps {
  readonly conversationId: string
  readonly poll: Poll
}

export function PollCard({ conversationId, poll }: PollCardProps) {
  const { mutate } = useVote(conversationId, poll.id)
  const vote = (place: number) =>
    mutate(place, {
      onError: (error) => void notify({ text: asProblem(error).message, tone: 'error' }),
    })
  const said = outcome(poll)
  return (
    <article className="poll" aria-label={`${stalls.poll}: ${poll.question}`}>
      <h3 className="poll-question" dir="auto">
        {poll.question}
      </h3>
      <ul className="poll-answers">
        {poll.options.map((option, place) => (
          <Answer key={option} poll={poll} place={place} onVote={vote} />
        ))}
      </ul>
      <p className="poll-foot">
        <span className="t-time">
          {stalls.votes(poll.votes)}
          {poll.open && poll.votes < poll.quorum ? ` · ${stalls.needs(poll.quorum)}` : ''}
          {poll.open && poll.decides === 'topic' ? ` · ${stalls.setsTopic}` : ''}
        </span>
        {poll.open ? <TimeLeft poll={poll} /> : <em>{said}</em>}
      </p>
    </article>
  )
}
