/** One message of the script: the speaker in the margin, the speech, and what is to be noted beside it. */
import clsx from 'clsx'
import { lazy, memo, Suspense, useCallback, useEffect, useSyncExternalStore } from 'react'
import { gelOf } from '#design/gels.ts'
import { usePreferences } from '#lib/preferences.ts'
import type { Line, Participant } from '#live/state.ts'
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

function useSeat(id: string | null | undefined): Participant | undefined {
  const { state } = useView()
  return state.participants.find((each) => each.id === id)
}

/** Whom it is whispered to. */
function Aside({ to }: { readonly to: readonly string[] }) {
  const { state } = useView()
  const names = state.participants.filter(({ id }) => to.includes(id)).map(({ name }) => name)
  return <p className="t-direction">{stage.aside(names)}</p>
}

/** What somebody does who has the floor and has not yet said a word. */
function Pending({ line }: { readonly line: Line }) {
  const personas = usePersonas()
  const speaker = useSeat(line.participantId)
  const persona = speaker && personaOf(personas, speaker)
  const phrase = phraseOf(persona, 'chosen', line.id, line.participantId ?? '') || stage.aboutToSpeak
  return (
    <p key={phrase} className="line-pending t-direction">
      {phrase}
      <span className="line-caret" aria-hidden="true" />
    </p>
  )
}

/** What one of two says of the line they say together. */
function Part({ source, by }: { readonly source: string; readonly by?: string | undefined }) {
  const { lexed } = usePlaying()
  const second = useSeat(by)
  return (
    <div className={clsx('line-part', second && 'line-second')} data-gel={second && gelOf(second.color)}>
      {second && <span className="visually-hidden">{stage.goesOn(second.name)} </span>}
      <Blocks closed={lexed.of(source)} />
    </div>
  )
}

function Speech({ line }: { readonly line: Line }) {
  const { lexed } = usePlaying()
  const growing = useGrowing(line)
  useLexer()
  if (line.redacted) return <p className="t-direction">{stage.struck}</p>
  const cut = line.with?.offset
  if (!line.draft && cut) {
    return (
      <>
        <Part source={line.text.slice(0, cut)} />{' '}
        <Part source={line.text.slice(cut)} by={line.with?.participantId} />
      </>
    )
  }
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
  const speaker = useSeat(line.participantId)
  const partner = useSeat(line.with?.participantId)
  return (
    <article
      id={`row-${line.id}`}
      className={clsx(
        'line',
        line.draft && 'line-now',
        latest && !line.draft && 'line-latest',
        line.to && 'line-aside',
      )}
      data-gel={gelOf(speaker?.color)}
      aria-posinset={position}
      aria-setsize={-1}
      aria-busy={line.draft}
      tabIndex={-1}
    >
      <header className="line-who">
        <h2 className="t-speaker">
          {speaker?.short ?? line.author.name}
          {partner && (
            <>
              {' '}
              <span className="line-and">{stage.and}</span>{' '}
              <span className="t-speaker" data-gel={gelOf(partner.color)}>
                {partner.short}
              </span>
            </>
          )}
        </h2>
        <p className="line-when t-time">
          {line.draft ? stage.now : <time dateTime={line.at}>{stage.time(new Date(line.at))}</time>}
          <Route line={line} />
        </p>
      </header>
      <div className="line-speech t-speech">
        {line.to && <Aside to={line.to} />}
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
