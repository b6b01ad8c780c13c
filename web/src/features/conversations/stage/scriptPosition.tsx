/** Where in the script the viewer is; script, score and controls share it. */
import { createContext, type ReactNode, type RefObject, useContext, useMemo, useRef, useState } from 'react'

export interface ScriptHandle {
  toEnd(): void
  /** Brings a row into sight and lets go of the end. */
  toRow(rowId: string): void
  /** Moves the focus to the next (1) or previous (-1) message. */
  step(direction: 1 | -1): void
}

export interface ScriptPosition {
  /** Whether the script follows what is being said. */
  readonly pinned: boolean
  readonly setPinned: (pinned: boolean) => void
  /** The last row in sight while the viewer is elsewhere; null at the end. */
  readonly shown: string | null
  readonly setShown: (rowId: string | null) => void
  readonly script: RefObject<ScriptHandle | null>
}

const Position = createContext<ScriptPosition | null>(null)

export function ScriptPositionProvider({ children }: { readonly children: ReactNode }) {
  const [pinned, setPinned] = useState(true)
  const [shown, setShown] = useState<string | null>(null)
  const script = useRef<ScriptHandle>(null)
  const value = useMemo(() => ({ pinned, setPinned, shown, setShown, script }), [pinned, shown])
  return <Position value={value}>{children}</Position>
}

export function useScriptPosition(): ScriptPosition {
  const position = useContext(Position)
  if (!position) throw new Error('A part of the script stands outside its position.')
  return position
}
