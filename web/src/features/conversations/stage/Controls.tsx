/** The transport under the score: go on or pause, time, pace, what the viewer wants to say, the rest of the commands. */
import { Ellipsis, Eraser, NotebookPen, PanelRight, SkipForward, Square } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useActions } from '#actions/registry.ts'
import { asProblem } from '#lib/api/problem.ts'
import { stage } from '#messages/stage.ts'
import { IconButton } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { Menu, type MenuItem } from '#ui/Menu.tsx'
import { type Control, useControl } from '../api/mutations.ts'
import { PaceControl } from './PaceControl.tsx'
import { useNow, useView } from './playing.tsx'
import { SayField } from './SayField.tsx'
import { useScriptPosition } from './scriptPosition.tsx'
import { elapsedOf, spellTime } from './tempo.ts'
import './Controls.css'

const WordsDialog = lazy(() => import('./WordsDialog.tsx'))

const PLAY = 'M4.5 2.3v11.4L14 8z'
const HOLD = 'M3 2h3.5v12H3zM9.5 2H13v12H9.5z'

function Elapsed() {
  const { state } = useView()
  const elapsed = elapsedOf(state, useNow())
  if (elapsed === null) return null
  return (
    <span className="controls-time t-time" title={stage.elapsed}>
      {spellTime(elapsed)}
    </span>
  )
}

interface PlayProps {
  readonly busy: boolean
  readonly onControl: (control: Control) => void
}

function usePlay(): { readonly control: Control; readonly label: string } | null {
  const { state } = useView()
  if (state.participants.length === 0) return null
  switch (state.status) {
    case 'created':
      return { control: 'start', label: stage.start }
    case 'running':
      return { control: 'pause', label: stage.pause }
    case 'paused':
      return { control: 'resume', label: stage.resume }
    case 'ended':
      return null
  }
}

function Play({ busy, onControl }: PlayProps) {
  const play = usePlay()
  return (
    <button
      type="button"
      className="play"
      disabled={!play || busy}
      aria-label={play?.label ?? stage.nothingToPlay}
      title={play?.label}
      onClick={() => play && onControl(play.control)}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={play?.control === 'pause' ? HOLD : PLAY} />
      </svg>
    </button>
  )
}

export interface ControlsProps {
  readonly conversationId: string
  readonly onOpenPanel: () => void
}

export function Controls({ conversationId, onOpenPanel }: ControlsProps) {
  const { state } = useView()
  const { script, pinned } = useScriptPosition()
  const control = useControl(conversationId)
  const play = usePlay()
  const [asking, setAsking] = useState<'clear' | 'stop' | 'note' | null>(null)
  const running = state.status === 'running'
  const over = state.status === 'ended'
  const say = () => document.getElementById('say')?.focus()
  const run = (what: Control) => control.mutate(what)

  useActions([
    { id: 'conversation.say', group: 'conversation', label: stage.actions.say, keys: ['/'], run: say },
    {
      id: 'conversation.play',
      group: 'conversation',
      label: stage.actions.playPause,
      keys: ['space', 'shift+space'],
      when: () => play !== null,
      run: () => run(play?.control ?? 'resume'),
    },
    {
      id: 'conversation.live',
      group: 'conversation',
      label: stage.actions.live,
      keys: ['l'],
      when: () => !pinned,
      run: () => script.current?.toEnd(),
    },
    {
      id: 'conversation.skip',
      group: 'conversation',
      label: stage.skip,
      when: () => running,
      run: () => run('skip'),
    },
    {
      id: 'conversation.stop',
      group: 'conversation',
      label: stage.stop,
      when: () => !over,
      run: () => setAsking('stop'),
    },
    {
      id: 'conversation.note',
      group: 'conversation',
      label: stage.noteForAll,
      when: () => !over,
      run: () => setAsking('note'),
    },
    { id: 'conversation.clear', group: 'conversation', label: stage.clear, run: () => setAsking('clear') },
    {
      id: 'view.next-line',
      group: 'view',
      label: stage.actions.nextLine,
      keys: ['j'],
      run: () => script.current?.step(1),
    },
    {
      id: 'view.previous-line',
      group: 'view',
      label: stage.actions.previousLine,
      keys: ['k'],
      run: () => script.current?.step(-1),
    },
    { id: 'view.panel', group: 'view', label: stage.actions.panel, keys: ['p'], run: onOpenPanel },
  ])

  const items: readonly MenuItem[] = [
    { id: 'skip', label: stage.skip, icon: <SkipForward />, disabled: !running, onSelect: () => run('skip') },
    {
      id: 'note',
      label: stage.noteForAll,
      icon: <NotebookPen />,
      disabled: over,
      onSelect: () => setAsking('note'),
    },
    { id: 'panel', label: stage.openPanel, icon: <PanelRight />, onSelect: onOpenPanel },
    { id: 'clear', label: stage.clear, icon: <Eraser />, danger: true, onSelect: () => setAsking('clear') },
    {
      id: 'stop',
      label: stage.stop,
      icon: <Square />,
      danger: true,
      disabled: over,
      onSelect: () => setAsking('stop'),
    },
  ]

  return (
    <section className="controls" aria-label={stage.controls}>
      {control.isError && (
        <p className="controls-error" role="alert">
          {asProblem(control.error).message}
        </p>
      )}
      <div className="controls-row">
        <Play busy={control.isPending} onControl={run} />
        <Elapsed />
        <span className="controls-wide">
          <IconButton label={stage.skip} disabled={!running || control.isPending} onClick={() => run('skip')}>
            <SkipForward aria-hidden="true" />
          </IconButton>
        </span>
        <PaceControl conversationId={conversationId} />
        <SayField conversationId={conversationId} />
        <Menu
          label={stage.more}
          side="top"
          items={items}
          trigger={
            <IconButton label={stage.more} className="controls-more">
              <Ellipsis aria-hidden="true" />
            </IconButton>
          }
        />
      </div>
      {asking === 'note' && (
        <Suspense>
          <WordsDialog conversationId={conversationId} kind="note" onClose={() => setAsking(null)} />
        </Suspense>
      )}
      <Confirm
        open={asking === 'clear'}
        onOpenChange={() => setAsking(null)}
        title={stage.clearTitle}
        description={stage.clearText}
        confirm={stage.clearConfirm}
        onConfirm={() => run('clear')}
      />
      <Confirm
        open={asking === 'stop'}
        onOpenChange={() => setAsking(null)}
        title={stage.stopTitle}
        description={stage.stopText}
        confirm={stage.stopConfirm}
        onConfirm={() => run('stop')}
      />
    </section>
  )
}
