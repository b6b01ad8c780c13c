/** The low stage: who is on it, who is lit, what the others are doing; curtains at its sides. */
import clsx from 'clsx'
import { stage } from '#messages/stage.ts'
import { personaOf } from './business.ts'
import { Plaque } from './Plaque.tsx'
import { Player } from './Player.tsx'
import { useCondition, usePersonas, useView } from './playing.tsx'
import './Stage.css'

/** Four and more stand closer; six and more have no room for every name on a phone. */
function sizeOf(people: number): string {
  if (people <= 3) return 'few'
  return people <= 5 ? 'crowd' : 'crowd throng'
}

export function Stage() {
  const { state } = useView()
  const { phase } = useCondition()
  const personas = usePersonas()
  const cast = state.participants.filter(({ present }) => present)
  const closed =
    cast.length === 0 || state.status === 'ended' || (phase === 'loading' && state.rows.length === 0)
  return (
    <section
      className={clsx('stage', closed && 'stage-closed', state.status === 'paused' && 'stage-held')}
      data-size={sizeOf(cast.length)}
      aria-label={stage.stage}
    >
      <div className="stage-floor" />
      <div
        className="stage-cast"
        style={{ gridTemplateColumns: `repeat(${Math.max(1, cast.length)}, minmax(0, 1fr))` }}
      >
        {cast.map((participant) => (
          <Player key={participant.id} participant={participant} persona={personaOf(personas, participant)} />
        ))}
      </div>
      <div className="stage-curtain stage-curtain-left" />
      <div className="stage-curtain stage-curtain-right" />
      <Plaque />
    </section>
  )
}
