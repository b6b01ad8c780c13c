/** The stalls' tab of the panel: polls, votes on the talk, wishes, highlights and bookmarks. */
import { stalls } from '#messages/stalls.ts'
import { pollsQuery } from '../api/stalls.ts'
import { Answered, Section } from '../panel/Section.tsx'
import { useFresh } from '../panel/useFresh.ts'
import { useView } from '../stage/playing.tsx'
import { Judge } from './Judge.tsx'
import { Bookmarks, Highlights } from './Marks.tsx'
import { PollCard } from './PollCard.tsx'
import { PollForm } from './PollForm.tsx'
import { Wishes } from './Wishes.tsx'
import './Crowd.css'

/** Closed polls that are still shown. */
const EARLIER = 5

function Polls() {
  const { state } = useView()
  const result = useFresh(pollsQuery(state.id), state.stallsSeq)
  return (
    <Section title={stalls.poll}>
      <Answered result={result}>
        {(polls) => {
          const open = polls.find((each) => each.open)
          const earlier = polls.filter((each) => !each.open).slice(0, EARLIER)
          return (
            <>
              {open ? (
                <PollCard conversationId={state.id} poll={open} />
              ) : (
                <details className="panel-more-wishes">
                  <summary>{stalls.ask}</summary>
                  <PollForm conversationId={state.id} />
                </details>
              )}
              {earlier.length > 0 && (
                <details className="panel-more-wishes">
                  <summary>
                    {stalls.polls} ({earlier.length})
                  </summary>
                  {earlier.map((each) => (
                    <PollCard key={each.id} conversationId={state.id} poll={each} />
                  ))}
                </details>
              )}
            </>
          )
        }}
      </Answered>
    </Section>
  )
}

export default function Stalls() {
  return (
    <>
      <Polls />
      <Judge />
      <Wishes />
      <Highlights />
      <Bookmarks />
    </>
  )
}
