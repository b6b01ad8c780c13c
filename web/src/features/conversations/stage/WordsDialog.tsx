/** Words for the cast that are not said aloud: a whisper to one of them, a director's note for one or for all. */
import { type FormEvent, useState } from 'react'
import { usePreferences } from '#lib/preferences.ts'
import type { Participant } from '#live/state.ts'
import { directing } from '#messages/directing.ts'
import { en } from '#messages/en.ts'
import { Button } from '#ui/Button.tsx'
import { Dialog } from '#ui/Dialog.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { TextArea } from '#ui/Field.tsx'
import { notify } from '#ui/toast.ts'
import { useGiveNote } from '../api/directing.ts'
import { usePostMessage } from '../api/mutations.ts'
import { lengthOf, MOST_CHARACTERS } from './mentions.ts'
import './Directing.css'

export interface WordsDialogProps {
  readonly conversationId: string
  readonly kind: 'whisper' | 'note'
  /** Whom it is for; nobody is everybody. */
  readonly to?: Participant
  readonly onClose: () => void
}

/** Sends the words on their way; the log, and for a note a notice, say that they have arrived. */
function useWords({ conversationId, kind, to, onClose }: WordsDialogProps) {
  const name = usePreferences(({ viewerName }) => viewerName)
  const post = usePostMessage(conversationId)
  const note = useGiveNote(conversationId)
  const used = kind === 'whisper' ? post : note
  const send = (text: string) => {
    if (kind === 'whisper' && to) {
      post.mutate({ text, to: to.id, ...(name !== '' && { name }) }, { onSuccess: onClose })
      return
    }
    const onSuccess = () => {
      void notify({ text: directing.given(to?.name) })
      onClose()
    }
    note.mutate({ note: text, participantId: to?.id }, { onSuccess })
  }
  return { send, error: used.error, busy: used.isPending }
}

function titleOf({ kind, to }: WordsDialogProps): string {
  if (!to) return directing.noteForAllTitle
  return kind === 'whisper' ? directing.whisperTitle(to.name) : directing.noteTitle(to.name)
}

export default function WordsDialog(props: WordsDialogProps) {
  const { kind, onClose } = props
  const { send, error, busy } = useWords(props)
  const [text, setText] = useState('')
  const whispers = kind === 'whisper'
  const ready = text.trim() !== '' && lengthOf(text) <= MOST_CHARACTERS
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready && !busy) send(text.trim())
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={titleOf(props)}
      description={whispers ? directing.whisperAbout : directing.noteAbout}
    >
      <form className="words" noValidate onSubmit={submit}>
        <TextArea
          label={whispers ? directing.whisperField : directing.noteField}
          rows={3}
          value={text}
          maxLength={MOST_CHARACTERS}
          onChange={(event) => setText(event.target.value)}
        />
        {error && <ErrorNote error={error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{en.common.cancel}</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={!ready}>
            {whispers ? directing.send : directing.give}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
