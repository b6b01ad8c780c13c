/** Carries the wished look to the document: theme, size of the script, motion. */
import { onPreferences, type Preferences, preferences } from '#lib/preferences.ts'

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
  const keep = () => apply(preferences())
  keep()
  onPreferences(keep)
  darkSystem().addEventListener('change', keep)
}

/** Dark if it is light now, light if it is dark. */
export function otherTheme(): 'dark' | 'light' {
  return document.documentElement.dataset.theme === 'light' ? 'dark' : 'light'
}
