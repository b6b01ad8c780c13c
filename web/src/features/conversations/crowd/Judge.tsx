/** Whether the talk is any good: a vote of one's own, and what all votes make of the score. */
import { ThumbsDown, ThumbsUp } from 'lucide-react'
import { asProblem } from '#lib/api/problem.ts'
import { stalls } from '#messages/stalls.ts'
import { notify } from '#ui/toast.ts'
import { feedbackQuery, useJudge } from '../api/stalls.ts'
import { Answered, Section } from '../panel/Section.tsx'
import { useFresh } from '../panel/useFresh.ts'
import { useView } from '../stage/playing.tsx'

export function Judge() {
  const { state } = useView()
  const result = useFresh(feedbackQuery(state.id), Math.floor(state.headSeq / 20))
  const { mutate } = useJudge(state.id)
  const vote = (value: -1 | 0 | 1) =>
    mutate(value, { onError: (error) => void notify({ text: asProblem(error).message, tone: 'error' }) })
  return (
    <Section title={stalls.judge}>
      <Answered result={result}>
        {({ up, neutral, down, mine, approval, joined, says }) => (
          <>
            <div className="judge">
              <button type="button" aria-pressed={mine === 1} onClick={() => vote(mine === 1 ? 0 : 1)}>
                <ThumbsUp size={16} aria-hidden="true" /> {stalls.up} <b>{up}</b>
              </button>
              <button type="button" aria-pressed={mine === -1} onClick={() => vote(mine === -1 ? 0 : -1)}>
                <ThumbsDown size={16} aria-hidden="true" /> {stalls.down} <b>{down}</b>
              </button>
            </div>
            <p className="judge-says">
              {approval !== undefined && approval !== null && (
                <span className="t-time">{stalls.approval(approval, up + neutral + down)}</span>
              )}
              {joined !== undefined && joined !== null && up + neutral + down > 0 && (
                <span className="t-time"> · {stalls.joined(joined)}</span>
              )}
              <em>{stalls.says(says)}</em>
            </p>
          </>
        )}
      </Answered>
    </Section>
  )
}
