/** The words of the side panel: quality, relations, memory and figures of a conversation. */
import { plural } from './count.ts'
import { sayCost } from './money.ts'

const list = new Intl.ListFormat('en')
const hours = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const signed = (value: number, digits: number) =>
  `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits).replace(/^0\./, '.')}`
const lower = (name: string) => name.replace(/^The /, 'the ')

/** The nine parts of the score: a name, and when it is high. */
const PARTS: Readonly<Record<string, readonly [string, string]>> = {
  floor: ['Fair shares', 'everybody has their say'],
  novelty: ['New words', 'something new is said'],
  repetition: ['No repetition', 'phrases do not come back'],
  response: ['Taking up', 'lines take up what was said'],
  closure: ['Answers', 'questions are answered'],
  coherence: ['One thread', 'the talk keeps to its matter'],
  tension: ['Tension', 'the mood swings, but not too far'],
  distinct: ['Own voices', 'the words tell who speaks'],
  variety: ['Variety', 'long lines and short ones'],
}

const MOODS: Readonly<Record<string, readonly [string, string]>> = {
  joy: ['😊', 'joyful'],
  gratitude: ['🙏', 'grateful'],
  pride: ['😌', 'proud'],
  admiration: ['🤩', 'full of admiration'],
  anger: ['😠', 'angry'],
  reproach: ['😒', 'reproachful'],
  shame: ['😳', 'ashamed'],
}
const AT_EASE = ['🙂', 'as usual'] as const

const KINDS: Readonly<Record<string, string>> = {
  claim: 'a claim',
  promise: 'a promise',
  joke: 'a joke',
  human: 'from the audience',
  opinion: 'an opinion',
  summary: 'the talk so far',
}

/** What one remembers of oneself. */
const OWN: Readonly<Record<string, string>> = {
  claim: 'was quoted',
  promise: 'gave its word',
  joke: 'made a joke',
  opinion: 'has an opinion',
}

const TOPIC_CAUSES: Readonly<Record<string, string>> = {
  drift: 'the talk went there by itself',
  director: 'set by the director',
  viewer: 'wished by a viewer',
}

export const panel = {
  tabs: 'About this conversation',
  tab: { now: 'Now', relations: 'Relations', memory: 'Memory', stalls: 'Stalls', figures: 'Figures' },
  go: 'Show the line',
  percent: (value: number) => `${Math.round(value * 100)}%`,

  share: 'Share of the talk',
  messages: (n: number) => plural(n, 'message', 'messages'),
  pace: 'Tempo',
  linesPerMinute: 'lines a minute',
  paceNow: (lines: number) => lines.toFixed(1),
  words: (n: number) => `${plural(n, 'word', 'words')} a line`,
  cast: 'Cast',

  quality: 'Quality',
  tension: 'Tension',
  figure: (value: number | null) => (value === null ? '–' : String(Math.round(value))),
  change: (value: number) => `${signed(value, 0)} this topic`,
  level: 'as before',
  firstScore: 'The first score comes after 24 lines.',
  parts: 'What it is made of',
  part: (name: string) => PARTS[name]?.[0] ?? name,
  partAbout: (name: string) => PARTS[name]?.[1] ?? '',
  partOrder: Object.keys(PARTS),
  tooFew: 'too little to tell',

  foretold: 'Likely to please',
  foretoldBy: (votes: number) => `after twelve turns, by ${plural(votes, 'vote', 'votes')}`,
  notForetold: (because: string, votes: number, needed: number) =>
    because === 'too_early'
      ? 'foretold after twelve turns'
      : because === 'not_enough_votes'
        ? `not enough votes yet: ${votes} of ${needed}`
        : 'not foretold better than by a guess',

  signed: (value: number) => signed(value, 2),

  topic: 'Topic',
  energy: 'Energy of the topic',
  energyWord: (value: number) => (value >= 0.65 ? 'lively' : value >= 0.35 ? 'warm' : 'nearly talked out'),
  before: 'Talked about before',
  topicCause: (cause: string | null) => (cause === null ? 'where it began' : (TOPIC_CAUSES[cause] ?? cause)),
  mood: (mood: string | undefined) => (mood && MOODS[mood]) || AT_EASE,

  relations: 'Relations',
  graphFor: 'Open the relations',
  noBonds: 'Nobody has taken sides yet.',
  between: (one: string, other: string) => `${one} and ${other}`,
  oneWay: (from: string, to: string) => `${from} → ${to}`,
  state: (allied: boolean, conflict: 'banter' | 'heated' | 'hostile') => {
    const how = conflict === 'banter' ? '' : conflict === 'heated' ? 'sparring' : 'hostile'
    return allied ? (how ? `allies, and ${how}` : 'allies') : how
  },
  feeling: (value: number) => {
    // By the figure that stands beside it.
    const shown = Number(value.toFixed(2))
    if (shown > 0.5) return 'fond'
    if (shown >= 0.15) return 'friendly'
    if (shown > -0.15) return 'indifferent'
    return shown >= -0.5 ? 'cool' : 'averse'
  },
  affinity: (value: number) => (Math.abs(value) < 0.005 ? '0' : signed(value, 2)),
  camps: (sides: readonly (readonly string[])[]) =>
    `Two camps: ${sides.map((side) => list.format(side)).join(' against ')}.`,
  noCamps: 'No camps.',
  legend: { likes: 'warm', dislikes: 'cool', stronger: 'broader is stronger' },
  moment: 'Moment',
  beginning: 'the beginning',
  atMoment: (index: number, count: number, at: string) =>
    `${index} of ${count}, ${hours.format(new Date(at))}`,
  newest: 'now',
  play: 'Play how it came to this',
  stopPlaying: 'Stop',
  table: 'Who feels what',
  nothingYet:
    'Nobody has taken sides yet. What the cast feel for each other shows here, with the lines that caused it.',
  receipts: (pair: string | null) => (pair === null ? 'Every change' : `Why: ${pair}`),
  receiptsAll: 'Show all pairs',
  noReceipts: 'Nothing has changed between them yet.',
  nowIs: (affinity: number) => `now ${Math.abs(affinity) < 0.005 ? '0' : signed(affinity, 2)}`,
  turned: (alliance: string | null | undefined, conflict: string | null | undefined) =>
    [
      alliance === 'formed' ? 'allies' : alliance === 'ended' ? 'no longer allies' : '',
      conflict === 'banter'
        ? 'cooled down'
        : conflict === 'heated'
          ? 'sparring'
          : conflict === 'hostile'
            ? 'hostile'
            : '',
    ]
      .filter(Boolean)
      .join(', '),
  showMore: 'Show more',
  goTo: (at: string) => `Show the line of ${hours.format(new Date(at))}`,
  time: (at: string) => hours.format(new Date(at)),

  memory: 'What they remember',
  memoryAbout: 'Each keeps its own notes; nobody else of the cast knows of them.',
  everybody: 'Everybody',
  whose: 'Whose notes',
  noNotes: 'Nothing is remembered yet. After a few lines, what is worth keeping stands here.',
  noNotesOf: (name: string) => `${name} remembers nothing yet.`,
  kind: (kind: string, by: string | null) => {
    const what = KINDS[kind] ?? kind
    return by === null ? what : kind === 'human' ? `${what}: ${by}` : `${what} of ${lower(by)}`
  },
  ownKind: (kind: string) => OWN[kind] ?? KINDS[kind] ?? kind,
  importance: 'Importance',
  importanceOf: (value: number) => (value >= 0.7 ? 'important' : value >= 0.4 ? 'of some weight' : 'minor'),
  recalled: (n: number) =>
    n === 0 ? 'not recalled yet' : `recalled ${n === 1 ? 'once' : plural(n, 'time', 'times')}`,
  fromEarlier: 'from an earlier show',
  edit: 'Edit the note',
  note: 'Note',
  save: 'Save',
  cancel: 'Cancel',
  forget: 'Forget the note',
  forgetTitle: 'Make them forget it?',
  forgetText: (name: string, text: string) => `${name} will no longer know: “${text}”`,
  forgetConfirm: 'Forget it',
  noteLength: (left: number) => `${left} left`,

  figures: 'Figures',
  noFigures: 'Figures stand here as soon as a few lines have been said.',
  floor: 'Share of the floor',
  tempo: 'Tempo',
  perMinute: (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} a minute`),
  sentiment: 'Sentiment',
  sentimentWord: (value: number | null) =>
    value === null ? '–' : value > 0.2 ? 'bright' : value < -0.2 ? 'dark' : 'even',
  emotion: 'Emotion',
  emotionAbout: 'stronger where more of the lines are full of it',
  noEmotion: 'No line is full of any one emotion yet.',
  position: 'For and against the topic',
  positionEnds: ['above: for', 'below: against'],
  noPosition: 'Nobody has taken a side yet.',
  qualityParts: 'Parts of the quality',
  cost: 'Cost',
  costAbout: 'all lines so far, those of the troupe and of this machine for nothing',
  costs: (amount: number, estimated: boolean) => (amount === 0 ? 'free' : sayCost(amount, estimated)),
  lines: (first: number, last: number) => (first === last ? `${first}` : `${first}–${last}`),
  firstLine: 'line 1',
  asTable: 'As a table',
  linesHead: 'Lines',
  energyHead: 'Energy',
} as const
