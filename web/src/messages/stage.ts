/** The words of the stage: script, score, controls, side panel, viewer's line. */

import { providerTitle } from './minds.ts'
import { dropped, ENDINGS, PAUSES } from './reasons.ts'

const number = new Intl.NumberFormat('en')
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const hours = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const list = new Intl.ListFormat('en')
const plural = (n: number, one: string, many: string) => `${number.format(n)} ${n === 1 ? one : many}`

export const stage = {
  topic: (n: number) => `Topic ${n}`,
  since: (at: Date) => `since ${hours.format(at)}`,
  live: 'Live',
  watching: (n: number) => `${number.format(n)} watching`,
  states: {
    loading: 'Opening',
    stale: 'Waiting for the line',
    offline: 'Offline',
    stopped: 'No line',
    created: 'Not started',
    paused: 'Paused',
    ended: 'Ended',
  },
  reconnecting: (seconds: number) => (seconds > 0 ? `Reconnecting · ${seconds} s` : 'Reconnecting'),
  stopReasons: {
    forbidden: 'This conversation is no longer shown to you.',
    missing: 'This conversation is gone.',
    signed_out: 'You were signed out.',
    refused: 'The house did not understand this page. Reload it.',
  },
  degraded: 'Live text is off; finished messages still arrive.',
  unkept: 'Nothing can be saved just now. The talk waits, and goes on by itself.',
  offline: 'No line. What is here stays; what you write is kept.',
  lost: 'The connection is lost. Trying again.',
  stage: 'Stage',
  speaking: 'Speaking',
  muted: 'Muted',
  waiting: 'Waiting',
  aboutToSpeak: 'About to speak',
  wants: (name: string) => `${name} wants to speak`,
  pausedTitle: 'Paused',
  pausedBecause: (because: string | null) => (because === null ? 'By hand.' : (PAUSES[because] ?? because)),
  resumesAt: (at: Date, because: string | null) =>
    because === 'providers_down'
      ? `It is tried again at ${hours.format(at)}.`
      : `Goes on by itself at ${hours.format(at)}.`,
  keepsTrying: 'The house keeps trying.',
  waitsTitle: 'The house waits.',
  toAdmin: { credential: 'Look at the keys', budget: 'Look at the budgets' } as Readonly<
    Record<string, string>
  >,
  endedTitle: 'Curtain.',
  endedBecause: (because: string | null) => (because === null ? '' : (ENDINGS[because] ?? because)),
  createdTitle: 'The cast is waiting.',
  createdText: 'Raise the curtain whenever you like.',
  startAnother: 'Start another',
  takingTime: (name: string) => `${name} is taking their time.`,
  missingTitle: 'Nothing is playing here.',
  missingText: 'The address may be wrong, or what was here is not for everybody.',
  failedTitle: 'The stage cannot be seen from here.',

  script: 'Script',
  time: (at: Date) => clock.format(at),
  now: 'now',
  scripted: 'scripted',
  scriptedTitle: 'Written by the house’s own troupe, without a model',
  route: (provider: string, model: string) => `${model} by ${provider}`,
  fromTheStalls: 'viewer',
  ofTheHouse: 'the house',
  cutOff: 'cut off',
  tooLong: 'stopped at its length',
  refused: 'declined to answer',
  understudy: (model: string) => `Read by ${model}`,
  understudyFor: (route: string) => `for ${route.replace(/^[^/]*\//, '')}`,
  understudyWhy: (why: string | null, model: string, lead: string) => `${dropped(why)}: ${model} for ${lead}`,
  and: 'and',
  goesOn: (name: string) => `${name} goes on:`,
  aside: (names: readonly string[]) =>
    `(to ${list.format(names.map((name) => name.replace(/^The /, 'the ')))}; the others do not hear)`,
  struck: 'This line was struck from the script.',
  older: 'Earlier lines are on their way',
  beginning: 'From the beginning',
  newMessages: (n: number) => plural(n, 'new message', 'new messages'),
  backToLive: 'Back to live',
  backToEnd: 'To the end',
  away: (n: number) => `[${plural(n, 'message', 'messages')} while you were away]`,
  readAway: 'Read',
  details: 'Details',
  lookBehind: 'Look behind the line',
  react: 'React to the line',
  reaction: (emoji: string, n: number) => `${emoji}: ${plural(n, 'reaction', 'reactions')}`,

  directions: {
    started: '[The curtain rises.]',
    resumed: '[They go on.]',
    cleared: '[The script was cleared.]',
    paused: (because: string | null) => (because === 'providers_down' ? '[The house waits.]' : '[A pause.]'),
    ended: '[Curtain.]',
    joined: (name: string) => `[${name} comes on.]`,
    recast: (name: string, { provider, model }: { readonly provider: string; readonly model: string }) => {
      const player = provider === 'scripted' ? 'The troupe' : provider === 'auto' ? 'Whoever fits' : model
      return `[${player} plays ${name.replace(/^The /, 'the ')} from now on.]`
    },
    left: (name: string) => `[${name} leaves.]`,
    muted: (name: string) => `[${name} is asked to be silent.]`,
    sitsOut: (name: string) => `[${name} sits out until tempers have cooled.]`,
    alliance: (one: string, other: string, formed: boolean) => {
      const pair = `${one} and ${other.replace(/^The /, 'the ')}`
      return formed ? `[${pair} have become allies.]` : `[${pair} are no longer allies.]`
    },
    hostile: (one: string, other: string) =>
      `[It grows hostile between ${one.replace(/^The /, 'the ')} and ${other.replace(/^The /, 'the ')}.]`,
    unmuted: (name: string) => `[${name} may speak again.]`,
    invited: (name: string) => `[${name} is asked to speak.]`,
    overlap: (name: string) => `[${name}, at the same time.]`,
    topic: (topic: string) => `[The talk turns: ${topic}]`,
    understudy: (
      name: string,
      {
        provider,
        model,
        why,
      }: { readonly provider: string; readonly model: string; readonly why?: string | null },
      lead: string,
    ) => {
      // Another model of the same provider is told by its own name.
      const reader = provider === lead || provider === 'compatible' ? model : providerTitle(provider)
      return `[${dropped(why)}; ${reader} reads ${name.replace(/^The /, 'the ')}.]`
    },
    silent: (name: string) => `[${name} falls silent.]`,
  },
  behind: (distance: string) => `−${distance}`,

  panel: 'About this conversation',
  openPanel: 'Quality, relations, memory, figures',

  controls: 'Controls',
  start: 'Raise the curtain',
  nothingToPlay: 'Nothing to play',
  pause: 'Pause',
  resume: 'Go on',
  skip: 'Skip the wait',
  noteForAll: 'A note for everybody…',
  stop: 'Stop',
  clear: 'Clear the script',
  more: 'More',
  clearTitle: 'Clear the script?',
  clearText: 'Everything said so far leaves the script and the cast’s memory. This cannot be undone.',
  clearConfirm: 'Clear it',
  stopTitle: 'Stop this conversation?',
  stopText: 'The curtain falls for good. The script stays in the library.',
  stopConfirm: 'Stop it',
  elapsed: 'Time since the curtain rose',
  pace: 'Pace',
  paceValue: (speed: number) => `${Number(speed.toFixed(2))}×`,
  slower: 'Slower',
  faster: 'Faster',

  say: 'Say something to the cast',
  sayPlaceholder: 'Say something to the cast…',
  sayOffline: 'Writing waits until the line is back.',
  sayEnded: 'The curtain has fallen.',
  sayTooLong: (n: number) => `${plural(n, 'character', 'characters')} too many`,
  sayLeft: (n: number) => String(n),
  send: 'Send',
  showPicture: 'Show a picture',
  sayWaiting: 'Say something; they read it when they are back.',
  people: 'People on stage',

  actions: {
    say: 'Write to the cast',
    playPause: 'Pause or go on',
    live: 'Back to live',
    nextLine: 'Next message',
    previousLine: 'Previous message',
    panel: 'Show what is going on now',
  },
} as const
