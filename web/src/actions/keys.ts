/** Which keys a person pressed, in the words actions use, and whether a key belongs to them or to a field. */

export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
}

/** How long the first key of a pair such as `g l` waits for the second. */
export const PAIR_MS = 1200

/** `mod+k`, `shift+space`, `?`: `mod` is Ctrl or ⌘; shift is named only where it does not change the sign. */
export function nameOf(press: KeyPress): string {
  const key = press.key === ' ' ? 'space' : press.key.toLowerCase()
  const shifted = press.shiftKey && (key.length > 1 || /[a-z]/.test(key))
  return [press.ctrlKey || press.metaKey ? 'mod' : '', press.altKey ? 'alt' : '', shifted ? 'shift' : '', key]
    .filter(Boolean)
    .join('+')
}

export interface Match<T> {
  /** What to run, if the keys are complete. */
  readonly hit: T | null
  /** The keys to remember for the next press; empty when nothing begins with them. */
  readonly pending: string
}

/** Finds what the keys pressed so far mean. */
export function match<T extends { readonly keys?: readonly string[] }>(
  actions: readonly T[],
  pending: string,
  name: string,
): Match<T> {
  for (const wanted of pending ? [`${pending} ${name}`, name] : [name]) {
    const hit = actions.find(({ keys }) => keys?.includes(wanted))
    if (hit) return { hit, pending: '' }
    if (actions.some(({ keys }) => keys?.some((key) => key.startsWith(`${wanted} `))))
      return { hit: null, pending: wanted }
  }
  return { hit: null, pending: '' }
}

/** Whether single keys belong to what has the focus: fields write with them, buttons are pressed with some. */
export function isTaken(target: EventTarget | null, name: string): boolean {
  if (name.includes('mod+')) return false
  if (!(target instanceof HTMLElement)) return false
  if (
    target.isContentEditable ||
    target.closest('input, textarea, select, [role="slider"], [role="menu"], [role="dialog"]')
  ) {
    return name !== 'escape'
  }
  const pressed = name === 'space' || name === 'enter'
  return pressed && target.closest('button, a, summary, [role="tab"], [role="option"]') !== null
}

/** Keys as people read them: `⌘K`, `G then L`. */
export function spell(keys: string, mac: boolean): string {
  const word = (name: string) =>
    name
      .split('+')
      .map((part) => {
        if (part === 'mod') return mac ? '⌘' : 'Ctrl'
        if (part === 'space') return 'Space'
        return part.length === 1 ? part.toUpperCase() : part.charAt(0).toUpperCase() + part.slice(1)
      })
      .join(mac ? '' : '+')
  return keys.split(' ').map(word).join(' then ')
}
