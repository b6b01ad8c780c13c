/** One participant on the stage: the light on them, their mask, name, business and wish to speak. */
import { lazy, Suspense, useCallback, useSyncExternalStore } from 'react'
import { gelOf } from '#design/gels.ts'
import type { Persona } from '#lib/api/types.ts'
import type { Participant } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import { Mask } from '#ui/Mask.tsx'
import { Meter } from '#ui/Meter.tsx'
import { type Doing, doingOf, turnOf } from './business.ts'
import { useNow, usePlaying, useView } from './playing.tsx'
import './Player.css'
import './PlayerLow.css'

const Directing = lazy(() => import('./Directing.tsx'))

/** Whether words of this message are on the stage; changes once a turn, however fast the words come. */
function useIsSpeaking(messageId: string | undefined): boolean {
  const { store } = usePlaying().live
  const subscribe = useCallback(
    (changed: () => void) =>
      messageId === undefined ? () => undefined : store.subscribeDraft(messageId, changed),
    [store, messageId],
  )
  return useSyncExternalStore(subscribe, () => messageId !== undefined && store.draft(messageId) !== '')
}

function LevelBars() {
  return (
    <span className="level" aria-hidden="true">
      <i />
      <i />
      <i />
      <i />
      <i />
    </span>
  )
}

function Name({ name }: { readonly name: string }) {
  const article = name.startsWith('The ') ? 'The ' : ''
  return (
    <h2 className="player-name">
      {article !== '' && <span className="player-article">{article}</span>}
      {name.slice(article.length)}
    </h2>
  )
}

function Wish({ doing, name }: { readonly doing: Doing; readonly name: string }) {
  if (doing.bid === null) return <span className="player-wish" />
  return <Meter className="player-wish" label={stage.wants(name)} value={doing.bid} />
}

export interface PlayerProps {
  readonly participant: Participant
  readonly persona: Persona | undefined
}

export function Player({ participant, persona }: PlayerProps) {
  const view = useView()
  const now = useNow()
  const turn = turnOf(view.state, participant.id)
  const speaking = useIsSpeaking(turn?.messageId)
  const doing = doingOf(participant, persona, { view, speaking, now })
  return (
    <div
      className="player"
      data-gel={gelOf(participant.color)}
      data-light={doing.light}
      data-rhythm={doing.light === 'chosen' ? doing.rhythm : undefined}
    >
      <div className="player-cone" />
      <div className="player-pool" />
      <Mask mask={participant.mask} className="player-mask" />
      <div className="player-text">
        <Name name={participant.name} />
        {/* A new phrase is another thing, not the old one moved. */}
        <p key={doing.light + doing.phrase} className="player-doing">
          {doing.light === 'speaking' && <LevelBars />}
          <span className="player-phrase">{doing.phrase}</span>
        </p>
        <Wish doing={doing} name={participant.name} />
      </div>
      <Suspense>
        <Directing participant={participant} place="stage" />
      </Suspense>
    </div>
  )
}
