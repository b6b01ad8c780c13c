/** What the viewers would like to hear about next, and what the house would offer. */
import { useState } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import { stalls } from '#messages/stalls.ts'
import { Button } from '#ui/Button.tsx'
import { TextField } from '#ui/Field.tsx'
import { topicsQuery, useWish } from '../api/stalls.ts'
import { Answered, Section } from '../panel/Section.tsx'
import { useFresh } from '../panel/useFresh.ts'
import { useView } from '../stage/playing.tsx'

export function Wishes() {
  const { state } = useView()
  const result = useFresh(topicsQuery(state.id), state.stallsSeq)
  const { mutate, error, isPending } = useWish(state.id)
  const [own, setOwn] = useState('')
  const send = (event: React.FormEvent) => {
    event.preventDefault()
    if (own.trim() !== '') mutate(own, { onSuccess: () => setOwn('') })
  }
  return (
    <Section title={stalls.wishes}>
      <Answered result={result}>
        {({ wishes, suggestions }) => (
          <>
            {wishes.length === 0 && <p className="panel-empty">{stalls.noWishes}</p>}
            <ul className="wishes">
              {wishes.map(({ topic, votes, mine }) => (
                <li key={topic}>
                  <button
                    type="button"
                    className="wish"
                    aria-pressed={mine}
                    aria-label={`${stalls.wishFor(topic)}, ${stalls.votes(votes)}`}
                    onClick={() => mutate(topic)}
                  >
                    <span dir="auto">{topic}</span>
                    <b>{votes}</b>
                  </button>
                </li>
              ))}
            </ul>
            {state.status !== 'ended' && (
              <>
                <form className="wish-form" onSubmit={send}>
                  <TextField
                    label={stalls.wish}
                    value={own}
                    maxLength={200}
                    error={error ? asProblem(error).message : undefined}
                    onChange={(event) => setOwn(event.target.value)}
                  />
                  <Button type="submit" size="small" busy={isPending} disabled={own.trim() === ''}>
                    {stalls.send}
                  </Button>
                </form>
                <details className="panel-more-wishes">
                  <summary>{stalls.offered}</summary>
                  <ul className="wishes">
                    {suggestions.map((topic) => (
                      <li key={topic}>
                        <button
                          type="button"
                          className="wish"
                          aria-label={stalls.wishFor(topic)}
                          onClick={() => mutate(topic)}
                        >
                          <span>{topic}</span>
                        </button>
                      </li>
                    ))}
                  </ul>
                </details>
              </>
            )}
          </>
        )}
      </Answered>
    </Section>
  )
}
