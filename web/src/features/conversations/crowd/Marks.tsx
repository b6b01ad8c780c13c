/** Lines to come back to: highlights with their reasons, and one's own bookmarks. */
import { gelOf } from '#design/gels.ts'
import { stage } from '#messages/stage.ts'
import { stalls } from '#messages/stalls.ts'
import { bookmarksQuery, highlightsQuery, type Marked } from '../api/stalls.ts'
import { Answered, Section } from '../panel/Section.tsx'
import { useFresh } from '../panel/useFresh.ts'
import { useJump } from '../panel/useJump.ts'
import { useView } from '../stage/playing.tsx'

interface MarkItemProps {
  readonly mark: Marked
  readonly why?: string
}

function MarkItem({ mark, why }: MarkItemProps) {
  const { state } = useView()
  const jump = useJump()
  const seat = state.participants.find(({ id }) => id === mark.participant_id)
  const name = seat?.short ?? mark.name
  return (
    <li data-gel={gelOf(seat?.color)}>
      <a
        className="mark"
        href={`/c/${state.id}#${mark.id}`}
        aria-label={stalls.goTo(name)}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          void jump(mark.id)
        }}
      >
        <b>{name}</b>
        <time className="t-time" dateTime={mark.at}>
          {stage.time(new Date(mark.at))}
        </time>
        <span dir="auto">{mark.text}</span>
        {why !== undefined && <em>{why}</em>}
      </a>
    </li>
  )
}

export function Highlights() {
  const { state } = useView()
  const stamp = state.stallsSeq + state.bondSeq + Math.floor(state.headSeq / 30)
  const result = useFresh(highlightsQuery(state.id), stamp)
  return (
    <Section title={stalls.highlights}>
      <Answered result={result}>
        {(items) => (
          <ol className="marks">
            {items.length === 0 && <li className="panel-empty">{stalls.noHighlights}</li>}
            {items.toReversed().map((each) => (
              <MarkItem key={each.id} mark={each} why={stalls.why(each.because)} />
            ))}
          </ol>
        )}
      </Answered>
    </Section>
  )
}

export function Bookmarks() {
  const { state } = useView()
  const result = useFresh(bookmarksQuery(state.id), 0)
  return (
    <Section title={stalls.bookmarks}>
      <Answered result={result}>
        {(items) => (
          <ol className="marks">
            {items.length === 0 && <li className="panel-empty">{stalls.noBookmarks}</li>}
            {items.map((each) => (
              <MarkItem key={each.id} mark={each} />
            ))}
          </ol>
        )}
      </Answered>
    </Section>
  )
}
