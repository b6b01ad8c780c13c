/** What they talk about, how much life it still has, and what they talked about before. */
import { useQuery } from '@tanstack/react-query'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { Meter } from '#ui/Meter.tsx'
import { courseQuery } from '../api/minds.ts'
import { Section } from './Section.tsx'
import { useJump } from './useJump.ts'

interface Mark {
  readonly seq: number
  readonly topic: string
  readonly cause?: string | null
}

/** The line with which a topic began, as far as it is on the page. */
function firstLine(state: ConversationState, { seq }: Mark): string | null {
  return state.notes.find((note) => note.seq > seq)?.id ?? null
}

function Past({ state, mark }: { readonly state: ConversationState; readonly mark: Mark }) {
  const jump = useJump()
  const line = firstLine(state, mark)
  const about = panel.topicCause(mark.cause ?? null)
  return (
    <li>
      {line !== null && mark.seq >= state.fromSeq ? (
        <button type="button" className="panel-link" onClick={() => void jump(line)}>
          {mark.topic}
        </button>
      ) : (
        mark.topic
      )}
      <em>{about}</em>
    </li>
  )
}

export function Topics({ state }: { readonly state: ConversationState }) {
  // The whole course is asked for only where the page does not know the log from its beginning.
  const { data } = useQuery({ ...courseQuery(state.id), enabled: state.fromSeq > 1 })
  const known: readonly Mark[] = state.topics
  const earlier =
    data?.course?.topics.filter(({ seq }) => seq < (known[0]?.seq ?? Number.POSITIVE_INFINITY)) ?? []
  const causes = new Map(
    state.rows.flatMap((row) =>
      row.kind === 'direction' && row.what.type === 'topic.changed'
        ? [[row.seq, row.what.cause] as const]
        : [],
    ),
  )
  const all = [...earlier, ...known.map((mark) => ({ ...mark, cause: causes.get(mark.seq) ?? null }))]
  const past = all.slice(0, -1).toReversed()
  const energy = state.decision?.energy ?? null
  const word = energy === null ? '' : panel.energyWord(energy)
  return (
    <Section
      title={panel.topic}
      aside={
        <span key={word} className="t-time">
          {word}
        </span>
      }
    >
      <p className="topic-now" dir="auto">
        {state.topic}
      </p>
      {energy !== null && <Meter label={panel.energy} value={energy} />}
      {past.length > 0 && (
        <details className="topic-past">
          <summary>
            {panel.before} ({past.length})
          </summary>
          <ol>
            {past.map((mark) => (
              <Past key={mark.seq} state={state} mark={mark} />
            ))}
          </ol>
        </details>
      )}
    </Section>
  )
}
