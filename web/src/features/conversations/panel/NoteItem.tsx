/** One note of one of the cast. */
import { Pencil, Quote, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { gelOf } from '#design/gels.ts'
import type { Note } from '#lib/api/types.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { Button, IconButton } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { TextArea } from '#ui/Field.tsx'
import { Slider } from '#ui/Slider.tsx'
import { useChangeNote } from '../api/minds.ts'
import { useJump } from './useJump.ts'

/** The longest note the house keeps. */
const LONGEST = 160

interface NoteProps {
  readonly state: ConversationState
  readonly note: Note
}

function Editing({ state, note, onDone }: NoteProps & { readonly onDone: () => void }) {
  const [text, setText] = useState(note.text)
  const [importance, setImportance] = useState(note.importance)
  const change = useChangeNote(state.id)
  const save = (event: FormEvent) => {
    event.preventDefault()
    change.mutate({ note, to: { text: text.trim(), importance } }, { onSuccess: onDone })
  }
  return (
    <form className="note-form" onSubmit={save}>
      <TextArea
        label={panel.note}
        value={text}
        rows={3}
        maxLength={LONGEST}
        hint={panel.noteLength(LONGEST - text.length)}
        autoFocus
        onChange={(event) => setText(event.target.value)}
      />
      <Slider
        label={panel.importance}
        value={importance}
        min={0}
        max={1}
        step={0.05}
        text={panel.importanceOf(importance)}
        onChange={setImportance}
      />
      {change.error && <ErrorNote error={change.error} />}
      <div className="note-actions">
        <Button
          size="small"
          variant="primary"
          type="submit"
          busy={change.isPending}
          disabled={text.trim() === ''}
        >
          {panel.save}
        </Button>
        <Button size="small" onClick={onDone}>
          {panel.cancel}
        </Button>
      </div>
    </form>
  )
}

function Facts({ state, note }: NoteProps) {
  const by = state.participants.find(({ id }) => id === note.about)?.name ?? note.about ?? null
  const own = note.about === note.participant_id
  return (
    <p className="note-facts t-small">
      {own ? panel.ownKind(note.kind) : panel.kind(note.kind, by)} · {panel.importanceOf(note.importance)} ·{' '}
      {panel.recalled(note.recalled)}
      {note.from_conversation && ` · ${panel.fromEarlier}`}
    </p>
  )
}

export function NoteItem({ state, note }: NoteProps) {
  const [editing, setEditing] = useState(false)
  const [asking, setAsking] = useState(false)
  const change = useChangeNote(state.id)
  const jump = useJump()
  const seat = state.participants.find(({ id }) => id === note.participant_id)
  const name = seat?.short ?? note.participant_id
  return (
    <li className="note" data-gel={gelOf(seat?.color)}>
      <div className="note-head">
        <b className="t-speaker">{name}</b>
        <time className="t-time" dateTime={note.at}>
          {panel.time(note.at)}
        </time>
      </div>
      {editing ? (
        <Editing state={state} note={note} onDone={() => setEditing(false)} />
      ) : (
        <>
          <p className="note-text" dir="auto">
            {note.text}
          </p>
          {change.error && <ErrorNote error={change.error} />}
          <div className="note-foot">
            <Facts state={state} note={note} />
            {!note.from_conversation && (
              <IconButton label={panel.goTo(note.at)} onClick={() => void jump(note.source)}>
                <Quote aria-hidden="true" />
              </IconButton>
            )}
            <IconButton label={panel.edit} onClick={() => setEditing(true)}>
              <Pencil aria-hidden="true" />
            </IconButton>
            <IconButton label={panel.forget} disabled={change.isPending} onClick={() => setAsking(true)}>
              <Trash2 aria-hidden="true" />
            </IconButton>
          </div>
        </>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={panel.forgetTitle}
        description={panel.forgetText(name, note.text)}
        confirm={panel.forgetConfirm}
        onConfirm={() => change.mutate({ note, to: null })}
      />
    </li>
  )
}
