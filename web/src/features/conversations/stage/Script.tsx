/** The script: a virtual list that follows what is being said until the viewer looks elsewhere. */
import {
  lazy,
  type Ref,
  Suspense,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react'
import { type CustomItemComponentProps, Virtualizer, type VirtualizerHandle } from 'virtua'
import type { Row } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import { AwayRow } from './AwayRow.tsx'
import { BackToLive } from './BackToLive.tsx'
import { DirectionRow } from './DirectionRow.tsx'
import { LineRow } from './LineRow.tsx'
import { type Placed, placed } from './placed.ts'
import { useCondition, usePlaying, useView } from './playing.tsx'
import { useScriptPosition } from './scriptPosition.tsx'
import { usePinning } from './usePinning.ts'
import './Script.css'

const FailureRow = lazy(() => import('./FailureRow.tsx'))

/** As high as a failure that is told in one line. */
function Unread() {
  return (
    <div className="direction" aria-hidden="true">
      <p className="t-direction">&nbsp;</p>
      <p className="direction-details">&nbsp;</p>
    </div>
  )
}

/** Older lines are asked for when so few rows are left above. */
const NEAR_START = 10
/** So many rows at the end are always in the page: it is opened there, and one comes back to it in one step. */
const AT_END = 12

/** Whether this drawing puts older rows in front: only then the list must keep its place from the end. */
function usePrepended(fromSeq: number): boolean {
  const before = useRef(fromSeq)
  const prepended = fromSeq < before.current
  useLayoutEffect(() => {
    before.current = fromSeq
  }, [fromSeq])
  return prepended
}

function draw(row: Placed, index: number, latest: Row | undefined, last: Placed | undefined) {
  switch (row.kind) {
    case 'line':
      return <LineRow key={row.id} line={row} position={index + 1} latest={row === latest} />
    case 'direction':
      return <DirectionRow key={row.id} direction={row} />
    case 'failures':
      return (
        <Suspense key={row.id} fallback={<Unread />}>
          <FailureRow id={row.id} failures={row.all} latest={row === last} />
        </Suspense>
      )
    case 'away':
      return <AwayRow key={row.id} count={row.count} />
  }
}

/** The list says how far down a row stands; it is moved there, and the rows around it are not laid out anew. */
function Place({ style: { top = 0, ...style }, index: _, ref, children }: CustomItemComponentProps) {
  return (
    <div
      ref={ref as Ref<HTMLDivElement>}
      style={{ ...style, top: 0, translate: `0 ${Math.round(Number(top))}px` }}
    >
      {children}
    </div>
  )
}

/** The rows that stay in the page out of sight: the last ones, and those that are still growing. */
function useKept(rows: readonly Placed[]): readonly number[] {
  return useMemo(
    () =>
      rows.flatMap((row, index) =>
        index >= rows.length - AT_END || (row.kind === 'line' && row.draft) ? [index] : [],
      ),
    [rows],
  )
}

export function Script() {
  const { state } = useView()
  const { away, phase, loadingOlder } = useCondition()
  const { live } = usePlaying()
  const { script, pinned, setPinned, setShown } = useScriptPosition()
  const scroller = useRef<HTMLDivElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const rows = useMemo(() => placed(state.rows, away), [state.rows, away])
  const shift = usePrepended(state.fromSeq)
  const pinning = usePinning(scroller, body)
  const kept = useKept(rows)
  const latest = state.rows.findLast((row) => row.kind === 'line')

  const toRow = (rowId: string, focus = false) => {
    const index = rows.findIndex(({ id }) => id === rowId)
    if (index < 0) return
    pinning.byHand.current = false
    setPinned(false)
    setShown(rowId)
    list.current?.scrollToIndex(index, { align: 'center' })
    if (!focus) return
    requestAnimationFrame(() => document.getElementById(`row-${rowId}`)?.focus({ preventScroll: true }))
  }
  useImperativeHandle(script, () => ({
    toEnd: pinning.toEnd,
    toRow,
    step(direction) {
      const lines = rows.filter((row) => row.kind === 'line')
      const focused = lines.findIndex(({ id }) => document.activeElement?.id === `row-${id}`)
      const next = focused < 0 ? lines.length - 1 : focused + direction
      const line = lines[next]
      if (line) toRow(line.id, true)
    },
  }))

  const onScroll = (offset: number) => {
    const handle = list.current
    if (!handle || pinned) return
    if (handle.findItemIndex(offset) < NEAR_START && !loadingOlder) void live.older()
    if (pinning.byHand.current)
      setShown(rows[handle.findItemIndex(offset + handle.viewportSize - 40)]?.id ?? null)
  }

  useEffect(() => {
    if (pinned) setShown(null)
  }, [pinned, setShown])

  return (
    <>
      <div
        ref={scroller}
        className="script"
        role="log"
        aria-live="off"
        aria-label={stage.script}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the script scrolls and must be reachable by keyboard
        tabIndex={0}
        {...pinning.handlers}
      >
        <div ref={body} className="script-body">
          <div className="script-lead">
            {state.fromSeq > 1 && phase === 'open' && <p className="t-direction">{stage.older}</p>}
          </div>
          {phase === 'loading' && rows.length === 0 ? (
            <div className="script-hairlines" aria-hidden="true">
              <i />
              <i />
              <i />
            </div>
          ) : (
            <Virtualizer
              ref={list}
              data={rows}
              shift={shift}
              item={Place}
              keepMounted={kept}
              scrollRef={scroller}
              onScroll={onScroll}
              onResize={pinning.follow}
            >
              {(row, index) => draw(row, index, latest, rows.at(-1))}
            </Virtualizer>
          )}
        </div>
      </div>
      <BackToLive />
    </>
  )
}
