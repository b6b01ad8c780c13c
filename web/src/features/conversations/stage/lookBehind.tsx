/** Opens what stands behind a line: who played it, what it took and, where that is recorded, what was asked and answered. */
import { createContext, lazy, type ReactNode, Suspense, useContext, useState } from 'react'
import { useActions } from '#actions/registry.ts'
import type { Line } from '#live/state.ts'
import { stage } from '#messages/stage.ts'
import type { Failed } from './placed.ts'
import { useView } from './playing.tsx'

const Behind = lazy(() => import('./Behind.tsx'))

/** A line that was said, or a turn that failed. */
export type Subject = Line | Failed

const BehindContext = createContext<(subject: Subject) => void>(() => undefined)

export const useBehind = () => useContext(BehindContext)

export function BehindProvider({ children }: { readonly children: ReactNode }) {
  const { state } = useView()
  const [subject, setSubject] = useState<Subject | null>(null)
  const focused = () => {
    const id = document.activeElement?.id.replace(/^row-/, '')
    return state.rows.find((row): row is Line => row.kind === 'line' && row.id === id && row.turnId !== null)
  }
  useActions([
    {
      id: 'view.behind',
      group: 'view',
      label: stage.lookBehind,
      keys: ['enter'],
      when: () => focused() !== undefined,
      run: () => setSubject(focused() ?? null),
    },
  ])
  return (
    <BehindContext value={setSubject}>
      {children}
      {subject && (
        <Suspense>
          <Behind subject={subject} onClose={() => setSubject(null)} />
        </Suspense>
      )}
    </BehindContext>
  )
}
