/** One message of the script: the speaker in the margin, the speech, and what is to be noted beside it. */
import clsx from 'clsx'
import { lazy, memo, Suspense, useCallback, useEffect, useSyncExternalStore } from 'react'
import { gelOf } from '#design/gels.ts'
import { usePreferences } from '#lib/preferences.ts'
import type { Line } from '#live/state.ts'
import { Blocks } from '#markdown/Blocks.tsx'
import { EMPTY } from '#markdown/tree.ts'
import { stage } from '#messages/stage.ts'
import { personaOf, phraseOf } from './business.ts'
import { useBehind } from './lookBehind.tsx'
import { MarginNotes } from './MarginNotes.tsx'
import { useLexer, usePersonas, usePlaying, useView } from './playing.tsx'
import { Reactions } from './Reactions.tsx'
import './LineRow.css'

// Few viewers hold up a picture.
const Pictures = lazy(() => import('./Pictures.tsx'))
/** About as high as pictures are drawn, until they are. */
const PICTURES = { minHeight: 210 }

/** The blocks of a line that is being spoken; a finished line asks for none. */
function useGrowing(line: Line) {
  const { live, growing, lexer } = usePlaying()
  const { store } = live
  const whole = usePreferences(({ wholeMessages }) => wholeMessages)
  const shown = line.draft && !whole
  const subscribe = useCallback(
    (changed: () => void) => {
      if (!shown) return () => undefined
      const leave = [store.subscribeDraft(line.id, changed), lexer.subscribe(changed)]
      return () => {
        for (const each of leave) each()
      }
    },
    [store, shown, lexer, line.id],
  )
  useEffect(() => {
    if (!line.draft) growing.forget(line.id)
  }, [growing, line.draft, line.id])
  return useSyncExternalStore(subscribe, () => (shown ? growing.of(line.id, store.draft(line.id)) : EMPTY))
}

/** What somebody does who has the floor and has not yet said a word. */
function Pending({ line }: { readonly line: Line }) {
  const { state } = useView()
  const personas = usePersonas()
  const speaker = state.participants.find(({ id }) => id === line.participantId)
  const persona = speaker && personaOf(personas, speaker)
  const phrase = phraseOf(persona, 'chosen', line.id, line.participantId ?? '') || stage.aboutToSpeak
  return (
    <p key={phrase} className="line-pending t-direction">
      {phrase}
      <span className="line-caret" aria-hidden="true" />
    </p>
  )
}

function Speech({ line }: { readonly line: Line }) {
  const { lexed } = usePlaying()
  const growing = useGrowing(line)
  useLexer()
  if (line.redacted) return <p className="t-direction">{stage.struck}</p>
  if (!line.draft) return <Blocks closed={lexed.of(line.text)} />
  if (growing.source === '') return <Pending line={line} />
  return <Blocks closed={growing.closed} open={growing.open} caret />
}

/** The name of the model, or that there was none; a press looks behind the line. */
function Badge({ line }: { readonly line: Line }) {
  const lookBehind = useBehind()
  const { scripted, route, draft } = line
  if (!scripted && !route) return null
  const title = scripted || !route ? stage.scriptedTitle : stage.route(route.provider, route.model)
  const name = scripted || !route ? stage.scripted : route.model
  const look = clsx('line-route', !scripted && 'line-model')
  if (draft || line.turnId === null) {
    return (
      <span className={look} title={title}>
        {name}
      </span>
    )
  }
  return (
    // Not one stop of the Tab key for each line: with the line in focus, Enter does the same.
    <button
      type="button"
      tabIndex={-1}
      className={clsx(look, 'line-badge')}
      title={`${title}. ${stage.lookBehind}`}
      onClick={() => lookBehind(line)}
    >
      {name}
    </button>
  )
}

function Route({ line }: { readonly line: Line }) {
  if (line.author.kind === 'viewer') return <span className="line-route">{stage.fromTheStalls}</span>
  if (line.author.kind === 'host') return <span className="line-route">{stage.ofTheHouse}</span>
  return <Badge line={line} />
}

export interface LineRowProps {
  readonly line: Line
  readonly position: number
  readonly latest: boolean
}

export const LineRow = memo(function LineRow({ line, position, latest }: LineRowProps) {
  const { state } = useView()
  const speaker = state.participants.find(({ id }) => id === line.participantId)
  return (
    <article
      id={`row-${line.id}`}
      className={clsx('line', line.draft && 'line-now', latest && !line.draft && 'line-latest')}
      data-gel={gelOf(speaker?.color)}
      aria-posinset={position}
      aria-setsize={-1}
      aria-busy={line.draft}
      tabIndex={-1}
    >
      <header className="line-who">
        <h2 className="t-speaker">{speaker?.short ?? line.author.name}</h2>
        <p className="line-when t-time">
          {line.draft ? stage.now : <time dateTime={line.at}>{stage.time(new Date(line.at))}</time>}
          <Route line={line} />
        </p>
      </header>
      <div className="line-speech t-speech">
        {line.text === '' && line.pictures.length > 0 ? null : <Speech line={line} />}
        {line.pictures.length > 0 && !line.redacted && (
          <Suspense fallback={<div style={PICTURES} />}>
            <Pictures line={line} />
          </Suspense>
        )}
        {!line.redacted && <Reactions line={line} />}
      </div>
      <MarginNotes line={line} />
    </article>
  )
})
