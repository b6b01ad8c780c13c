/** What can be done right now: every command is one object; palette, help sheet and shortcuts are drawn from them. */
import { useEffect, useRef } from 'react'
import { createStore, useStore } from '#lib/store.ts'

export interface Action {
  /** `conversation.pause` */
  readonly id: `${string}.${string}`
  readonly group: 'go' | 'conversation' | 'view'
  readonly label: string
  /** `mod+k`, `g l`, `?`: tried in order. */
  readonly keys?: readonly string[]
  /** Visible and possible now; the server still decides. Absent: always. */
  readonly when?: () => boolean
  readonly run: () => void | Promise<void>
}

const sets = createStore<ReadonlyMap<symbol, readonly Action[]>>(new Map())

function put(owner: symbol, actions: readonly Action[] | null): void {
  const next = new Map(sets.get())
  if (actions) next.set(owner, actions)
  else next.delete(owner)
  sets.set(next)
}

/** Every action whose screen is on the page; the newest set first, so that a screen may take over a key. */
export function allActions(): readonly Action[] {
  return [...sets.get().values()].reverse().flat()
}

export function useAllActions(): readonly Action[] {
  useStore(sets)
  return allActions()
}

/** Offers actions while the component is on the page. Labels and keys are read once per `id` list, `run` always fresh. */
export function useActions(actions: readonly Action[]): void {
  const owner = useRef(Symbol('actions'))
  const latest = useRef(actions)
  useEffect(() => {
    latest.current = actions
  })
  const signature = actions.map(({ id, label, keys }) => [id, label, ...(keys ?? [])].join(' ')).join('\n')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the actions, whose closures change with every render
  useEffect(() => {
    const own = owner.current
    const newest = (id: string) => latest.current.find((action) => action.id === id)
    put(
      own,
      latest.current.map((action) => ({
        ...action,
        when: () => newest(action.id)?.when?.() ?? true,
        run: () => newest(action.id)?.run(),
      })),
    )
    return () => put(own, null)
  }, [signature])
}
