/** The strings of Casting and Settings. */

const list = new Intl.ListFormat('en-GB')

export const casting = {
  title: 'Casting',
  about: 'Twelve minds of the house. Look them over, then put them on a stage together.',
  search: 'Search the company',
  none: 'Nobody answers to that.',
  back: 'Casting',
  cast: 'Cast in a conversation',
  voice: 'Voice',
  lines: 'In their own words',
  traits: 'Temper',
  values: 'Holds dear',
  habits: 'Habits',
  expertise: 'Knows about',
  business: 'Business on stage',
  relations: 'Feels about the others',
  states: { listening: 'Listening', eager: 'Eager', chosen: 'About to speak', thinking: 'Thinking' },
  trait: {
    humour: ['earnest', 'playful'],
    formality: ['loose', 'formal'],
    warmth: ['cool', 'warm'],
    assertiveness: ['yielding', 'firm'],
    curiosity: ['settled', 'curious'],
    verbosity: ['terse', 'talkative'],
    optimism: ['dark', 'bright'],
  } as Readonly<Record<string, readonly [string, string]>>,
  between: (low: string, high: string, value: number) =>
    `${Math.round(value * 100)} of 100 from ${low} to ${high}`,
  fond: 'fond of',
  wary: 'wary of',
} as const

export const settings = {
  title: 'Settings',
  saved: 'Kept in this browser, at once.',
  look: 'Look',
  theme: 'House lights',
  themes: { system: 'As the system', dark: 'Dark', light: 'Light' },
  textSize: 'Size of the script',
  sample: 'Laughter is what the mind does when it trips over its own furniture.',
  motion: 'Motion',
  motions: { system: 'As the system', less: 'Less', full: 'Full' },
  playback: 'Playback',
  whole: 'Whole messages',
  wholeHint: 'Show a line when it is finished instead of while it is being said.',
  announce: 'Screen reader hears',
  announces: { off: 'Nothing', names: 'Who speaks', full: 'Every line' },
  name: 'Your name in the script',
  nameHint: 'Shown before what you say from the stalls. Empty: “Viewer”.',
  keys: 'Keyboard',
  providers: 'Minds',
  providersAbout:
    'A server on this machine is found by itself; keys, models, limits and spending are in Admin.',
  ready: (titles: readonly string[]) => `Ready to play: ${list.format(titles)}.`,
  toAdmin: 'Keys, models and spending',
  reset: 'Reset to the house’s own',
  resetDone: 'Everything is as the house has it.',
  undo: 'Undo',
} as const
