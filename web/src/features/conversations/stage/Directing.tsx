/** What can be asked of somebody on stage: one menu at their mask, and in the list of the cast. */
import clsx from 'clsx'
import { Ear, Ellipsis, Megaphone, Mic, MicOff, NotebookPen, Repeat2 } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import type { Participant } from '#live/state.ts'
import { directing } from '#messages/directing.ts'
import { Menu, type MenuItem } from '#ui/Menu.tsx'
import { useInvite, useMute } from '../api/directing.ts'
import { useRecast } from '../api/mutations.ts'
import { MindChange } from './MindChange.tsx'
import { useView } from './playing.tsx'
import './Directing.css'

const WordsDialog = lazy(() => import('./WordsDialog.tsx'))

type Opened = 'whisper' | 'note' | 'mind'

/** What is asked by one press; what has been asked for is shown until the log answers. */
function useAsking(conversationId: string, participant: Participant) {
  const invite = useInvite(conversationId)
  const mute = useMute(conversationId, participant.id)
  const recast = useRecast(conversationId, participant.id)
  const all = [invite, mute, recast]
  const fresh = <T,>(mutate: (value: T) => void, value: T) => {
    for (const each of all) each.reset()
    mutate(value)
  }
  return {
    recast,
    muted: mute.isPending ? mute.variables : participant.muted,
    busy: all.some(({ isPending }) => isPending),
    error: all.find(({ error }) => error)?.error ?? null,
    speak: () => fresh(invite.mutate, participant.id),
    silence: (muted: boolean) => fresh(mute.mutate, muted),
  }
}

export interface DirectingProps {
  readonly participant: Participant
  /** On the stage the whole player is pressed, in the list a button beside the name. */
  readonly place: 'stage' | 'list'
}

export default function Directing({ participant, place }: DirectingProps) {
  const { state } = useView()
  const asking = useAsking(state.id, participant)
  const [opened, setOpened] = useState<Opened | null>(null)
  const button = useRef<HTMLButtonElement>(null)
  if (state.status === 'ended' || !participant.present) return null
  const { name } = participant
  const { muted, busy, error } = asking
  const close = () => {
    setOpened(null)
    // The dialog gives the focus back to the menu, which is gone.
    setTimeout(() => button.current?.focus())
  }
  const items: readonly MenuItem[] = [
    {
      id: 'speak',
      label: directing.speak,
      icon: <Megaphone />,
      disabled: muted || busy,
      onSelect: asking.speak,
    },
    { id: 'whisper', label: directing.whisper(name), icon: <Ear />, onSelect: () => setOpened('whisper') },
    { id: 'note', label: directing.note(name), icon: <NotebookPen />, onSelect: () => setOpened('note') },
    {
      id: 'mute',
      label: muted ? directing.unmute : directing.mute,
      icon: muted ? <Mic /> : <MicOff />,
      disabled: busy,
      onSelect: () => asking.silence(!muted),
    },
    {
      id: 'mind',
      label: directing.recast,
      icon: <Repeat2 />,
      disabled: busy,
      onSelect: () => setOpened('mind'),
    },
  ]
  return (
    <>
      <Menu
        label={directing.direct(name)}
        items={items}
        trigger={
          <button
            ref={button}
            type="button"
            className={clsx('directing', `directing-${place}`)}
            aria-label={directing.direct(name)}
            aria-busy={busy || undefined}
            title={directing.direct(name)}
          >
            <Ellipsis aria-hidden="true" />
          </button>
        }
      />
      {busy && (
        <span className={clsx('directing-said', `directing-said-${place}`)} role="status">
          {directing.asking}
        </span>
      )}
      {error && (
        <span className={clsx('directing-said directing-refused', `directing-said-${place}`)} role="alert">
          {asProblem(error).message}
        </span>
      )}
      {opened === 'mind' && <MindChange participant={participant} recast={asking.recast} onClose={close} />}
      {(opened === 'whisper' || opened === 'note') && (
        <Suspense>
          <WordsDialog conversationId={state.id} kind={opened} to={participant} onClose={close} />
        </Suspense>
      )}
    </>
  )
}
