/** A conversation's score in the width of a thumb, asked for when its row is looked at. */
import { useQuery } from '@tanstack/react-query'
import { gelOf } from '#design/gels.ts'
import type { Conversation } from '#lib/api/types.ts'
import { useSeen } from '#lib/useSeen.ts'
import { scoreQuery } from '../api/queries.ts'
import { miniScore } from '../model/miniScore.ts'
import './MiniScore.css'

const BARS = 36
const SLOT = 4
const HEIGHT = 26

export function MiniScore({ conversation }: { readonly conversation: Conversation }) {
  const { id, participants, message_count } = conversation
  const [watch, seen] = useSeen()
  const { data: score } = useQuery({ ...scoreQuery(id), enabled: seen && message_count > 0 })
  const bars = score ? miniScore(score.participant, score.words, BARS) : []
  return (
    <svg ref={watch} className="mini-score" viewBox={`0 0 ${BARS * SLOT} ${HEIGHT}`} aria-hidden="true">
      {bars.map(({ participant, height }, index) => {
        const tall = 3 + height * (HEIGHT - 3)
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
            key={index}
            data-gel={gelOf(participants[participant]?.color)}
            x={(BARS - bars.length + index) * SLOT}
            y={(HEIGHT - tall) / 2}
            width={SLOT - 1.2}
            height={tall}
            rx="0.8"
          />
        )
      })}
    </svg>
  )
}
