/** Who wants to speak: how much, why, and how likely it was that they would get the floor. */
import { gelOf } from '#design/gels.ts'
import type { WireBid } from '#live/events.ts'
import type { ConversationState } from '#live/state.ts'
import { inPlace } from '#markdown/inPlace.ts'
import { floor } from '#messages/floor.ts'
import { stage } from '#messages/stage.ts'
import { Meter } from '#ui/Meter.tsx'
import { leftOut, reasonOf } from '../model/wishes.ts'
import { Section } from './Section.tsx'

/** As the stylesheet makes it; kept free while nobody has decided yet. */
const BID_HEIGHT = 62

/** Somebody's wish to speak; whoever wants it most stands in the first place. */
function wish(bid: WireBid, bids: readonly WireBid[], state: ConversationState) {
  const seat = state.participants.find(({ id }) => id === bid.participant_id)
  const name = seat?.short ?? bid.participant_id
  const out = leftOut(bid, bids, state.decision?.participantId)
  return (
    <li className="bid" data-gel={gelOf(seat?.color)}>
      <b>{name}</b>
      <span className="t-time">{floor.bid(bid.value)}</span>
      <Meter className="bid-meter" label={stage.wants(name)} value={bid.value} />
      <em>{out ? floor.leftOut(seat?.muted === true) : floor.reason(reasonOf(bid))}</em>
      {bid.chance !== undefined && !out && <span className="t-time">{floor.chance(bid.chance)}</span>}
    </li>
  )
}

export function Bids({ state }: { readonly state: ConversationState }) {
  const { decision } = state
  const present = state.participants.filter((each) => each.present).length
  const bids = decision?.bids.toSorted((a, b) => b.value - a.value) ?? []
  return (
    <Section
      title={floor.wanted}
      aside={
        decision && (
          <span key={decision.cause} className="t-time">
            {floor.cause(decision.cause)}
          </span>
        )
      }
    >
      <ul style={{ minHeight: present * BID_HEIGHT }}>
        {bids.length === 0 && <li className="panel-empty">{floor.nobody}</li>}
        {inPlace(bids.map((bid) => wish(bid, bids, state)))}
      </ul>
    </Section>
  )
}
