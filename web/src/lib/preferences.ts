/** How this person wants the house: kept in this browser, read everywhere. */
import { create } from 'zustand'
import { persist } from 'zustand/middleware'

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

export const usePreferences = create<Preferences>()(
  persist((): Preferences => DEFAULTS, { name: 'chimera.preferences' }),
)

export function prefer(change: Partial<Preferences>): void {
  usePreferences.setState(change)
}
