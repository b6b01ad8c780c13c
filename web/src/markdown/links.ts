/** Which addresses a message may lead to. */

const ALLOWED = /^(?:https?:\/\/|mailto:|\/(?!\/)|#)/i

/** The address of a link, or null for one that is not followed: scripts, data, other programs, other hosts in disguise. */
export function safeAddress(href: string): string | null {
  // Browsers drop control characters and blanks inside an address before they read its scheme, and take \ for /.
  const address = [...href].filter((character) => character > ' ').join('')
  return ALLOWED.test(address) && !address.startsWith('/\\') ? address : null
}

/** Whether it leaves this page's own house. */
export function isOutside(address: string): boolean {
  return !address.startsWith('/') && !address.startsWith('#')
}
