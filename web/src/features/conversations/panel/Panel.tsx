/** The side panel: what is going on now, how the cast stand to each other, what they remember, and the figures. */
import { lazy, Suspense, useEffect, useState } from 'react'
import { panel } from '#messages/panel.ts'
import { Tabs } from '#ui/Tabs.tsx'
import { useView } from '../stage/playing.tsx'
import { Now } from './Now.tsx'
import { LeaveContext } from './useJump.ts'
import './Panel.css'

const Relations = lazy(() => import('./Relations.tsx'))
const Memory = lazy(() => import('./Memory.tsx'))
const Stalls = lazy(() => import('../crowd/Stalls.tsx'))
const Figures = lazy(() => import('./Figures.tsx'))

type Tab = keyof typeof panel.tab

/** Where the stylesheet has room for the panel beside the stage. */
const BESIDE = '(min-width: 1200px)'

function useFits(wanted: boolean): boolean {
  const [fits, setFits] = useState(() => matchMedia(BESIDE).matches)
  useEffect(() => {
    const media = matchMedia(BESIDE)
    const changed = () => setFits(media.matches)
    changed()
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, [])
  return !wanted || fits
}

export interface PanelProps {
  /** A sheet is left to show a line; without this the panel stands beside the stage. */
  readonly onLeave?: () => void
}

const STAY = () => undefined

export default function Panel({ onLeave }: PanelProps) {
  const { state } = useView()
  const [tab, setTab] = useState<Tab>('now')
  const fits = useFits(onLeave === undefined)
  if (state.participants.length === 0 || !fits) return <div className="panel" />
  const wait = <p className="panel-wait" aria-busy="true" />
  return (
    <LeaveContext value={onLeave ?? STAY}>
      <div className="panel">
        <Tabs
          label={panel.tabs}
          value={tab}
          onChange={setTab}
          tabs={[
            { id: 'now', label: panel.tab.now, content: <Now onRelations={() => setTab('relations')} /> },
            {
              id: 'relations',
              label: panel.tab.relations,
              content: (
                <Suspense fallback={wait}>
                  <Relations />
                </Suspense>
              ),
            },
            {
              id: 'memory',
              label: panel.tab.memory,
              content: (
                <Suspense fallback={wait}>
                  <Memory />
                </Suspense>
              ),
            },
            {
              id: 'stalls',
              label: panel.tab.stalls,
              content: (
                <Suspense fallback={wait}>
                  <Stalls />
                </Suspense>
              ),
            },
            {
              id: 'figures',
              label: panel.tab.figures,
              content: (
                <Suspense fallback={wait}>
                  <Figures />
                </Suspense>
              ),
            },
          ]}
        />
      </div>
    </LeaveContext>
  )
}
