/** Carries the wished look to the document: theme, size of the script, motion. */
import { type Preferences, usePreferences } from '#lib/preferences.ts'

const darkSystem = () => matchMedia('(prefers-color-scheme: dark)')

function apply({ theme, textSize, motion }: Preferences): void {
  const root = document.documentElement
  const dark = theme === 'system' ? darkSystem().matches : theme === 'dark'
  root.dataset.theme = dark ? 'dark' : 'light'
  root.style.setProperty('--speech-scale', String(textSize / 100))
  if (motion === 'system') delete root.dataset.motion
  else root.dataset.motion = motion
}

/** Applies the look now and whenever the wish or the system's theme changes. */
export function keepLook(): void {
  apply(usePreferences.getState())
  usePreferences.subscribe(apply)
  darkSystem().addEventListener('change', () => apply(usePreferences.getState()))
}

/** Dark if it is light now, light if it is dark. */
export function otherTheme(): 'dark' | 'light' {
  return document.documentElement.dataset.theme === 'light' ? 'dark' : 'light'
}
