/** How this person wants the house: kept in this browser, read everywhere. */
import { createStore, useStore } from './store.ts'

export interface Preferences {
  readonly theme: 'system' | 'dark' | 'light'
  /** Size of the script in per cent, 85…140. */
  readonly textSize: number
  readonly motion: 'system' | 'less' | 'full'
  /** Show a line when it is finished instead of while it is being said. */
  readonly wholeMessages: boolean
  /** What a screen reader is told while minds talk. */
  readonly announce: 'off' | 'names' | 'full'
  /** Single-key shortcuts; those with a modifier always work. */
  readonly shortcuts: boolean
  /** Under which name this viewer speaks; empty for the house's own word. */
  readonly viewerName: string
}

export const DEFAULTS: Preferences = {
  theme: 'system',
  textSize: 100,
  motion: 'system',
  wholeMessages: false,
  announce: 'names',
  shortcuts: true,
  viewerName: '',
}

/** `index.html` reads the theme from here before anything is painted. */
const KEY = 'chimera.preferences'

function kept(): Partial<Preferences> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // Storage may be forbidden, or hold what another version wrote.
    return {}
  }
}

const store = createStore<Preferences>({ ...DEFAULTS, ...kept() })

export const preferences = store.get
export const onPreferences = store.subscribe

export function usePreferences(): Preferences
export function usePreferences<T>(select: (preferences: Preferences) => T): T
export function usePreferences<T>(select?: (preferences: Preferences) => T): T | Preferences {
  const all = useStore(store)
  return select ? select(all) : all
}

export function prefer(change: Partial<Preferences>): void {
  store.set({ ...store.get(), ...change })
  try {
    localStorage.setItem(KEY, JSON.stringify(store.get()))
  } catch {
    // Without storage the wish holds until the page is left.
  }
}
