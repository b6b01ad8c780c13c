/** What the viewer says to the cast: one line, names completed after an @, kept until it has arrived. */
import clsx from 'clsx'
import { ImagePlus } from 'lucide-react'
import { type KeyboardEvent, lazy, Suspense, useId, useRef, useState } from 'react'
import { gelOf } from '#design/gels.ts'
import { asProblem } from '#lib/api/problem.ts'
import { usePreferences } from '#lib/preferences.ts'
import { useOnline } from '#lib/useOnline.ts'
import type { Participant } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import { Mask } from '#ui/Mask.tsx'
import { usePostMessage } from '../api/mutations.ts'
import { candidates, complete, lengthOf, MOST_CHARACTERS, mentionAt } from './mentions.ts'
import { useView } from './playing.tsx'
import { useHeldUp } from './useHeldUp.ts'
import { useKeptText } from './useKeptText.ts'
import './SayField.css'

const HeldUpRow = lazy(() => import('./HeldUpRow.tsx'))

/** From here on it is said how much room is left. */
const SHOW_LEFT = 80

interface PeopleProps {
  readonly id: string
  readonly people: readonly Participant[]
  readonly active: number
  readonly onPick: (person: Participant) => void
}

function People({ id, people, active, onPick }: PeopleProps) {
  return (
    <div className="people menu" role="listbox" id={id} aria-label={stage.people}>
      {people.map((person, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which keeps the focus
        <div
          key={person.id}
          id={`${id}-${index}`}
          className="people-row menu-item"
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          data-gel={gelOf(person.color)}
          // The field keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(person)}
        >
          <Mask mask={person.mask} size={20} />
          {person.name}
        </div>
      ))}
    </div>
  )
}

/** The browser's own file field, drawn as an icon. */
function AttachButton({ onTake }: { readonly onTake: (files: Iterable<File>) => void }) {
  return (
    <label className="say-attach" title={stage.showPicture}>
      <input
        type="file"
        className="visually-hidden"
        accept="image/png,image/jpeg,image/webp,image/gif"
        multiple
        aria-label={stage.showPicture}
        onChange={(event) => {
          onTake([...(event.target.files ?? [])])
          // The same file may be taken again.
          event.target.value = ''
        }}
      />
      <ImagePlus aria-hidden="true" />
    </label>
  )
}

export function SayField({ conversationId }: { readonly conversationId: string }) {
  const { state } = useView()
  const online = useOnline()
  const name = usePreferences(({ viewerName }) => viewerName)
  const post = usePostMessage(conversationId)
  const held = useHeldUp()
  const [text, setText] = useKeptText(`chimera.say.${conversationId}`)
  const [caret, setCaret] = useState(0)
  const [active, setActive] = useState(0)
  const [dismissed, setDismissed] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const listId = useId()

  const mention = mentionAt(text, caret)
  const people = mention && !dismissed ? candidates(state.participants, mention.query) : []
  const open = people.length > 0
  const chosen = people[Math.min(active, people.length - 1)]
  const left = MOST_CHARACTERS - lengthOf(text)
  const over = state.status === 'ended'
  const silent = text.trim() === '' && held.pictures.length === 0
  const problem =
    left < 0
      ? stage.sayTooLong(-left)
      : (held.problem ?? (post.isError ? asProblem(post.error).message : null))
  const placeholder = !online
    ? stage.sayOffline
    : state.status === 'paused' && state.pausedBecause === 'providers_down'
      ? stage.sayWaiting
      : stage.sayPlaceholder

  const pick = (person: Participant) => {
    if (!mention) return
    const done = complete(text, mention, person)
    setText(done.text)
    setCaret(done.caret)
    requestAnimationFrame(() => field.current?.setSelectionRange(done.caret, done.caret))
  }
  const send = () => {
    if (silent || held.busy || left < 0 || post.isPending || over || !online) return
    const images = held.pictures.map(({ url }) => url)
    post.mutate(
      { text: text.trim(), ...(name !== '' && { name }), ...(images.length > 0 && { images }) },
      {
        onSuccess: () => {
          setText('')
          held.clear()
        },
      },
    )
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return
    if (open && chosen && ['ArrowDown', 'ArrowUp', 'Enter', 'Tab', 'Escape'].includes(event.key)) {
      event.preventDefault()
      if (event.key === 'ArrowDown') setActive((active + 1) % people.length)
      else if (event.key === 'ArrowUp') setActive((active + people.length - 1) % people.length)
      else if (event.key === 'Escape') setDismissed(true)
      else pick(chosen)
      return
    }
    if (event.key === 'Enter') send()
    if (event.key === 'Escape') field.current?.blur()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button beside the field is the first
    <div
      className="say"
      onDragOver={(event) => {
        if (!over && event.dataTransfer.types.includes('Files')) event.preventDefault()
      }}
      onDrop={(event) => {
        if (over || event.dataTransfer.files.length === 0) return
        event.preventDefault()
        held.take(event.dataTransfer.files)
      }}
    >
      {(held.pictures.length > 0 || held.busy) && (
        <Suspense>
          <HeldUpRow pictures={held.pictures} busy={held.busy} onDrop={held.drop} />
        </Suspense>
      )}
      {open && (
        <People id={listId} people={people} active={Math.min(active, people.length - 1)} onPick={pick} />
      )}
      <div className={clsx('say-field', problem !== null && 'say-wrong')}>
        <input
          ref={field}
          id="say"
          className="say-input"
          type="text"
          autoComplete="off"
          enterKeyHint="send"
          role="combobox"
          aria-label={stage.say}
          aria-autocomplete="list"
          aria-expanded={open}
          aria-controls={listId}
          aria-activedescendant={open ? `${listId}-${Math.min(active, people.length - 1)}` : undefined}
          aria-invalid={problem !== null || undefined}
          aria-describedby={problem === null ? undefined : `${listId}-problem`}
          placeholder={over ? stage.sayEnded : placeholder}
          disabled={over}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setCaret(event.target.selectionStart ?? event.target.value.length)
            setActive(0)
            setDismissed(false)
            if (post.isError) post.reset()
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onBlur={() => setDismissed(true)}
          onPaste={(event) => {
            if (event.clipboardData.files.length === 0) return
            event.preventDefault()
            held.take(event.clipboardData.files)
          }}
          onKeyDown={onKeyDown}
        />
        {!over && <AttachButton onTake={held.take} />}
        {over ? null : silent ? (
          <span className="say-key" aria-hidden="true">
            /
          </span>
        ) : (
          <>
            {left <= SHOW_LEFT && <span className="t-time say-left">{stage.sayLeft(left)}</span>}
            <button
              type="button"
              className="say-send"
              disabled={left < 0 || held.busy || post.isPending || !online}
              onClick={send}
            >
              {stage.send}
            </button>
          </>
        )}
      </div>
      {problem !== null && (
        <p className="say-problem" id={`${listId}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
