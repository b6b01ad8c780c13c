/** What a persona keeps of earlier shows: read, put right, forgotten. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { Remembered } from '#lib/api/types.ts'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { TextArea } from '#ui/Field.tsx'
import { memoryQuery, useForget, useRecollect } from './api.ts'
import './Memory.css'

const LONGEST = 160

export interface MemoryProps {
  readonly id: string | undefined
  readonly remembers: boolean
}

export function Memory({ id, remembers }: MemoryProps) {
  const { data, error, refetch, isPending } = useQuery({
    ...memoryQuery(id ?? ''),
    enabled: id !== undefined,
  })
  const forget = useForget(id ?? '')
  const [asking, setAsking] = useState(false)
  if (id === undefined) return <p className="studio-empty">{studio.memoryUnsaved}</p>
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />
  return (
    <div className="memory" aria-busy={isPending}>
      <p className="field-hint">{remembers ? studio.memoryAbout : studio.memoryOff}</p>
      {data?.length === 0 && <p className="studio-empty">{studio.memoryNone}</p>}
      <ul className="memory-list" aria-label={studio.view.memory}>
        {data?.map((note) => (
          <Kept key={note.id} id={id} note={note} />
        ))}
      </ul>
      {forget.error && <ErrorNote error={forget.error} />}
      {data !== undefined && data.length > 1 && (
        <Button size="small" variant="plain" busy={forget.isPending} onClick={() => setAsking(true)}>
          {studio.forgetAll}
        </Button>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={studio.forgetTitle}
        description={studio.forgetAbout}
        confirm={studio.forgetAll}
        onConfirm={() => forget.mutate(undefined)}
      />
    </div>
  )
}

function Kept({ id, note }: { readonly id: string; readonly note: Remembered }) {
  const [text, setText] = useState<string>()
  const edit = useRecollect(id)
  const forget = useForget(id)
  const save = (event: FormEvent) => {
    event.preventDefault()
    edit.mutate({ note: note.id, text: (text ?? '').trim() }, { onSuccess: () => setText(undefined) })
  }
  if (text !== undefined) {
    return (
      <li>
        <form className="memory-edit" onSubmit={save}>
          <TextArea
            label={studio.memoryEdit}
            rows={3}
            maxLength={LONGEST}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          {edit.error && <ErrorNote error={edit.error} />}
          <div className="memory-foot">
            <Button size="small" variant="plain" onClick={() => setText(undefined)}>
              {studio.leaveIt}
            </Button>
            <Button size="small" type="submit" busy={edit.isPending} disabled={text.trim() === ''}>
              {studio.save}
            </Button>
          </div>
        </form>
      </li>
    )
  }
  return (
    <li className="memory-note">
      <p className="t-speech">{note.text}</p>
      <p className="field-hint">
        {studio.weighs(note.importance)} ·{' '}
        <Link to="/c/$id" params={{ id: note.from_conversation }}>
          {studio.fromShow(note.title)}
        </Link>
      </p>
      <div className="memory-foot">
        <Button size="small" variant="plain" onClick={() => setText(note.text)}>
          {studio.memoryEdit}
        </Button>
        <Button size="small" variant="plain" busy={forget.isPending} onClick={() => forget.mutate(note.id)}>
          {studio.forget}
        </Button>
      </div>
      {forget.error && <ErrorNote error={forget.error} />}
    </li>
  )
}
