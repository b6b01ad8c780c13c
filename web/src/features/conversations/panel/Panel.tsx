/** The side panel: what is going on now, how the cast stand to each other, what they remember, and the figures. */
import { useQueryClient } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { CONVERSATIONS } from '#lib/api/keys.ts'
import { panel } from '#messages/panel.ts'
import { Boundary } from '#ui/Boundary.tsx'
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

const TABS = Object.keys(panel.tab) as readonly Tab[]

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
  const client = useQueryClient()
  const [tab, setTab] = useState<Tab>('now')
  const fits = useFits(onLeave === undefined)
  if (state.participants.length === 0 || !fits) return <div className="panel" />
  // What nobody draws any more may be what could not be drawn: it is asked for anew.
  const forget = () => client.removeQueries({ queryKey: CONVERSATIONS, type: 'inactive' })
  const content: Readonly<Record<Tab, ReactNode>> = {
    now: <Now onRelations={() => setTab('relations')} />,
    relations: <Relations />,
    memory: <Memory />,
    stalls: <Stalls />,
    figures: <Figures />,
  }
  return (
    <LeaveContext value={onLeave ?? STAY}>
      <div className="panel">
        <Tabs
          label={panel.tabs}
          value={tab}
          onChange={setTab}
          tabs={TABS.map((id) => ({
            id,
            label: panel.tab[id],
            content: (
              <Boundary onAgain={forget}>
                <Suspense fallback={<p className="panel-wait" aria-busy="true" />}>{content[id]}</Suspense>
              </Boundary>
            ),
          }))}
        />
      </div>
    </LeaveContext>
  )
}
