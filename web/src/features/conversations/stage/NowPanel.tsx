/** What is going on now: who talks how much, how fast, who wants to speak and why, who plays whom. */
import { gelOf } from '#design/gels.ts'
import { type ConversationState, messageCount, shares } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import { Mask } from '#ui/Mask.tsx'
import { Meter } from '#ui/Meter.tsx'
import { Sparkline } from '#ui/Sparkline.tsx'
import { useNow, useView } from './playing.tsx'
import { tempoOf } from './tempo.ts'
import './NowPanel.css'

function Share({ state }: { readonly state: ConversationState }) {
  const parts = shares(state).map(({ id, share }) => {
    const seat = state.participants.find((each) => each.id === id)
    return { id, share, name: seat?.short ?? id, gel: gelOf(seat?.color), percent: Math.round(share * 100) }
  })
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.share}</span>
        <span className="t-time">{stage.messages(messageCount(state))}</span>
      </h2>
      <div className="share-bar" aria-hidden="true">
        {parts.map(({ id, share, gel }) => (
          <i key={id} data-gel={gel} style={{ flexGrow: Math.max(share, 0.004) }} />
        ))}
      </div>
      <ul className="share-key">
        {parts.map(({ id, gel, percent, name }) => (
          <li key={id} data-gel={gel}>
            <i aria-hidden="true" />
            <span>{name}</span>
            <b>{stage.percent(percent)}</b>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Drawn before there is anything to tell: what comes later must not push the rest about. */
function Tempo({ state }: { readonly state: ConversationState }) {
  const now = useNow()
  const tempo = tempoOf(state.notes, now)
  const longest = Math.max(...(tempo?.line ?? []), 1)
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.tempo}</span>
        <span className="panel-figures">
          <span className="t-time">{stage.linesPerMinute}</span>
          <span className="t-figure">{tempo ? stage.tempoNow(tempo.linesPerMinute) : '–'}</span>
        </span>
      </h2>
      <div className="tempo-line">
        <Sparkline values={(tempo?.line ?? []).map((words) => words / longest)} height={48} />
      </div>
      <p className="panel-note t-time">{tempo ? stage.words(tempo.wordsPerLine) : '\u00a0'}</p>
    </section>
  )
}

/** As the stylesheet makes it; kept free while nobody has decided yet. */
const BID_HEIGHT = 62

function Bids({ state }: { readonly state: ConversationState }) {
  const { decision } = state
  const present = state.participants.filter((each) => each.present).length
  const bids = decision?.bids.toSorted((a, b) => b.value - a.value) ?? []
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.bids}</span>
        {decision && <span className="t-time">{stage.cause(decision.cause)}</span>}
      </h2>
      <ul style={{ minHeight: present * BID_HEIGHT }}>
        {bids.length === 0 && <li className="panel-empty">{stage.noBids}</li>}
        {bids.map(({ participant_id: id, value, reason }) => {
          const seat = state.participants.find((each) => each.id === id)
          const name = seat?.short ?? id
          return (
            <li key={id} className="bid" data-gel={gelOf(seat?.color)}>
              <b>{name}</b>
              <span className="t-time">{stage.bid(value)}</span>
              <Meter className="bid-meter" label={stage.wants(name)} value={value} />
              <em>{stage.reason(reason)}</em>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Cast({ state }: { readonly state: ConversationState }) {
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.cast}</span>
      </h2>
      <ul>
        {state.participants
          .filter(({ present }) => present)
          .map(({ id, name, color, mask, provider, model }) => (
            <li key={id} className="cast-row" data-gel={gelOf(color)}>
              <Mask mask={mask} size={26} />
              <span>{name}</span>
              <span
                className="t-time"
                title={provider === 'scripted' ? stage.scriptedTitle : stage.route(provider, model)}
              >
                {provider === 'scripted' ? stage.scripted : model}
              </span>
            </li>
          ))}
      </ul>
    </section>
  )
}

export function NowPanel() {
  const { state } = useView()
  if (state.participants.length === 0) return <div className="panel" />
  return (
    <div className="panel">
      <Share state={state} />
      <Tempo state={state} />
      {state.status !== 'ended' && <Bids state={state} />}
      <Cast state={state} />
    </div>
  )
}
