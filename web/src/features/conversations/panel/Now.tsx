/** What is going on now: how good it is, who talks how much and how fast, who wants to speak and why, who feels how. */
import type { CSSProperties } from 'react'
import { gelOf } from '#design/gels.ts'
import { messageCount, shares } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { Mask } from '#ui/Mask.tsx'
import { Sparkline } from '#ui/Sparkline.tsx'
import Directing from '../stage/Directing.tsx'
import { useNow, useView } from '../stage/playing.tsx'
import { Recast } from '../stage/Recast.tsx'
import { tempoOf } from '../stage/tempo.ts'
import { Bids } from './Bids.tsx'
import { Cost } from './Cost.tsx'
import { Glance } from './Glance.tsx'
import { Scores } from './Scores.tsx'
import { Section } from './Section.tsx'
import { Topics } from './Topics.tsx'

/** A part of the bar, from its share of the way; two pixels of air behind it, and never nothing. */
function bar(from: number, share: number): CSSProperties {
  return { x: `${from * 100}%`, width: `max(3px, calc(${share * 100}% - 2px))` }
}

function Share({ state }: { readonly state: ConversationState }) {
  const parts = shares(state).map(({ id, share }) => {
    const seat = state.participants.find((each) => each.id === id)
    return { id, share, name: seat?.short ?? id, gel: gelOf(seat?.color) }
  })
  const count = panel.messages(messageCount(state))
  let from = 0
  return (
    <Section
      title={panel.share}
      aside={
        <span key={count} className="t-time">
          {count}
        </span>
      }
    >
      <svg className="share-bar" aria-hidden="true">
        {parts.map(({ id, share, gel }) => {
          const x = from
          from += share
          return <rect key={id} data-gel={gel} style={bar(x, share)} />
        })}
      </svg>
      <ul className="share-key">
        {parts.map(({ id, gel, share, name }) => (
          <li key={id} data-gel={gel}>
            <i aria-hidden="true" />
            <span>{name}</span>
            <b>{panel.percent(share)}</b>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** Drawn before there is anything to tell: what comes later must not push the rest about. */
function Tempo({ state }: { readonly state: ConversationState }) {
  const now = useNow()
  const tempo = tempoOf(state.notes, now)
  const figure = tempo ? panel.paceNow(tempo.linesPerMinute) : '–'
  const longest = Math.max(...(tempo?.line ?? []), 1)
  return (
    <Section
      title={panel.pace}
      aside={
        <span key={figure} className="panel-figures">
          <span className="t-time">{panel.linesPerMinute}</span>
          <span className="t-figure">{figure}</span>
        </span>
      }
    >
      <div className="tempo-line">
        <Sparkline values={(tempo?.line ?? []).map((words) => words / longest)} height={48} />
      </div>
      <p className="panel-note t-time">{tempo ? panel.words(tempo.wordsPerLine) : '\u00a0'}</p>
    </Section>
  )
}

/** Who plays, on which model, and in which mood. */
function Cast({ state }: { readonly state: ConversationState }) {
  const { moods } = state.decision ?? {}
  return (
    <Section title={panel.cast}>
      <ul>
        {state.participants
          .filter(({ present }) => present)
          .map((participant) => {
            const { id, name, color, mask } = participant
            const [emoji, mood] = panel.mood(moods?.[id])
            return (
              <li key={id} className="cast-row" data-gel={gelOf(color)}>
                <Mask mask={mask} size={26} />
                <span className="cast-name">{name}</span>
                <span className="cast-mood" key={mood}>
                  {moods && (
                    <>
                      <span aria-hidden="true">{emoji}</span> {mood}
                    </>
                  )}
                </span>
                <span className="cast-model">
                  <Recast state={state} participant={participant} />
                </span>
                <Directing participant={participant} place="list" />
              </li>
            )
          })}
      </ul>
    </Section>
  )
}

export function Now({ onRelations }: { readonly onRelations: () => void }) {
  const { state } = useView()
  return (
    <>
      <Scores state={state} />
      <Share state={state} />
      <Glance state={state} onRelations={onRelations} />
      {state.status !== 'ended' && <Bids state={state} />}
      <Topics state={state} />
      <Cast state={state} />
      <Tempo state={state} />
      <Cost state={state} />
    </>
  )
}
