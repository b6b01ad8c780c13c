/** What little the interface must know about the machine it runs on. */

/** Whether ⌘ is the key of commands here. */
export function isMac(): boolean {
  return /mac|iphone|ipad/i.test(navigator.userAgent)
}
