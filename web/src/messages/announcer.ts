/** The words that are told to screen readers while the talk goes on. */

const list = new Intl.ListFormat('en')

export const announcer = {
  both: (one: string, other: string) => `${one} and ${other.replace(/^The /, 'the ')}`,
  speaks: (name: string) => `${name} speaks`,
  speak: (names: string) => `${names} speak`,
  said: (name: string, text: string) => `${name}: ${text}`,
  aside: (name: string, to: readonly string[]) => `${name}, aside to ${list.format(to)}`,
} as const
