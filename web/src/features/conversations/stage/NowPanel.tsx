/** What is going on now: who talks how much, how fast, who wants to speak and why, who plays whom. Figures change, nothing moves. */
import type { CSSProperties } from 'react'
import { gelOf } from '#design/gels.ts'
import type { WireBid } from '#live/events.ts'
import { type ConversationState, messageCount, shares } from '#live/state.ts'
import { inPlace } from '#markdown/inPlace.ts'
import { stage } from '#messages/stage.ts'
import { Mask } from '#ui/Mask.tsx'
import { Meter } from '#ui/Meter.tsx'
import { Sparkline } from '#ui/Sparkline.tsx'
import { Bonds } from './Bonds.tsx'
import { useNow, useView } from './playing.tsx'
import { tempoOf } from './tempo.ts'
import './NowPanel.css'

/** A part of the bar, from its share of the way; two pixels of air behind it, and never nothing. */
function bar(from: number, share: number): CSSProperties {
  return { x: `${from * 100}%`, width: `max(3px, calc(${share * 100}% - 2px))` }
}

function Share({ state }: { readonly state: ConversationState }) {
  const parts = shares(state).map(({ id, share }) => {
    const seat = state.participants.find((each) => each.id === id)
    return { id, share, name: seat?.short ?? id, gel: gelOf(seat?.color), percent: Math.round(share * 100) }
  })
  const count = stage.messages(messageCount(state))
  let from = 0
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.share}</span>
        <span key={count} className="t-time">
          {count}
        </span>
      </h2>
      <svg className="share-bar" aria-hidden="true">
        {parts.map(({ id, share, gel }) => {
          const x = from
          from += share
          return <rect key={id} data-gel={gel} style={bar(x, share)} />
        })}
      </svg>
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
  const figure = tempo ? stage.tempoNow(tempo.linesPerMinute) : '–'
  const longest = Math.max(...(tempo?.line ?? []), 1)
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.tempo}</span>
        <span key={figure} className="panel-figures">
          <span className="t-time">{stage.linesPerMinute}</span>
          <span className="t-figure">{figure}</span>
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

/** Somebody's wish to speak; whoever wants it most stands in the first place. */
function wish(bid: WireBid, state: ConversationState) {
  const seat = state.participants.find(({ id }) => id === bid.participant_id)
  const name = seat?.short ?? bid.participant_id
  return (
    <li className="bid" data-gel={gelOf(seat?.color)}>
      <b>{name}</b>
      <span className="t-time">{stage.bid(bid.value)}</span>
      <Meter className="bid-meter" label={stage.wants(name)} value={bid.value} />
      <em>{stage.reason(bid.reason)}</em>
    </li>
  )
}

function Bids({ state }: { readonly state: ConversationState }) {
  const { decision } = state
  const present = state.participants.filter((each) => each.present).length
  const bids = decision?.bids.toSorted((a, b) => b.value - a.value) ?? []
  return (
    <section className="panel-section">
      <h2 className="panel-head">
        <span className="t-caption">{stage.bids}</span>
        {decision && (
          <span key={decision.cause} className="t-time">
            {stage.cause(decision.cause)}
          </span>
        )}
      </h2>
      <ul style={{ minHeight: present * BID_HEIGHT }}>
        {bids.length === 0 && <li className="panel-empty">{stage.noBids}</li>}
        {inPlace(bids.map((bid) => wish(bid, state)))}
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

export default function NowPanel() {
  const { state } = useView()
  if (state.participants.length === 0) return <div className="panel" />
  return (
    <div className="panel">
      <Share state={state} />
      <Tempo state={state} />
      {state.status !== 'ended' && <Bids state={state} />}
      <Cast state={state} />
      <Bonds state={state} />
    </div>
  )
}
