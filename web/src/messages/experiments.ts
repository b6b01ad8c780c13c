/** The strings of experiments: two set-ups compared on the conversations that people watch. */
import { plural } from './count.ts'

const percent = (share: number) => `${(share * 100).toFixed(share < 0.995 ? 1 : 0)} %`
const points = (difference: number) =>
  `${Math.abs(difference * 100).toFixed(1)} ${Math.abs(difference * 100).toFixed(1) === '1.0' ? 'point' : 'points'}`
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** What an arm is called: by its place, everywhere. */
const arm = (place: number) => (place === 0 ? 'A' : 'B')

export const experiments = {
  title: 'Experiments',
  caption: 'Admin',
  back: 'Providers',
  about:
    'Two ways to set up a conversation, compared by what viewers vote. You may look at any time: the test is made for it.',
  none: 'Nothing is being compared.',
  noneAbout:
    'Begin with the house’s own question: is a conversation better when all have their say, or when the floor is taken as people take it?',
  suggest: 'Compare the two directors',
  begin: 'Begin a comparison',
  start: 'Begin',
  cancel: 'Cancel',
  name: 'What it is called',
  suggested: 'A show, or as people do',
  compared: 'What is compared',
  fields: { pace: 'Tempo', whispers: 'Whispers', director: 'Director' },
  arm: (place: number) => `Arm ${arm(place)}`,
  values: {
    stream: 'as fast as it comes',
    human: 'in human time',
    instant: 'at once',
    on: 'with whispers',
    off: 'without whispers',
  },
  director: (name: string) => `directed by “${name}”`,
  directorHint: 'Those of the house, and those that plugins bring.',
  paceHint: 'The start page always names a tempo: only conversations begun by programs take part.',
  unit: 'Given to',
  units: { conversation: 'each conversation', viewer: 'each viewer' },
  unitHint:
    'Applies to conversations created from now on, where whoever creates them leaves this open. A viewer keeps an arm for good: that needs many viewers.',
  running: 'Running',
  stopped: 'Stopped',
  since: (at: string) => `since ${day.format(new Date(at))}`,
  until: (at: string) => `until ${day.format(new Date(at))}`,
  stop: 'Stop',
  stopTitle: (name: string) => `Stop “${name}”?`,
  stopAbout: 'Its arms are given out no more. What was found stays here.',
  verdict: (
    verdict: 'running' | 'decided' | 'broken_ratio',
    facts: {
      readonly better: number | null | undefined
      readonly difference: number | null | undefined
      readonly judged: readonly number[]
      readonly least: number
      readonly over: boolean
    },
  ) => {
    if (verdict === 'broken_ratio')
      return 'The arms were not given out evenly, so nothing can be concluded. Begin anew.'
    if (verdict === 'decided' && facts.better != null)
      return `Arm ${arm(facts.better)} is better, by ${points(facts.difference ?? 0)}.`
    const missing = Math.max(...facts.judged.map((n) => facts.least - n))
    if (missing > 0 && facts.over)
      return `Stopped too early to say: ${plural(missing, 'more vote was', 'more votes were')} needed.`
    if (missing > 0) return `Too early to say: ${plural(missing, 'more vote is', 'more votes are')} needed.`
    return 'Nothing is decided yet; what is seen may still be chance.'
  },
  rate: (place: number, rate: number | null | undefined, low: number, high: number) =>
    rate == null
      ? `Arm ${arm(place)}: no votes yet`
      : `Arm ${arm(place)}: liked in ${percent(rate)}, between ${percent(low)} and ${percent(high)}`,
  figures: (
    rate: number | null | undefined,
    assigned: number,
    good: number,
    bad: number,
    unit: 'viewer' | 'conversation',
  ) =>
    `${rate == null ? '' : `${percent(rate)} · `}${plural(assigned, unit, `${unit}s`)} · ${good} liked · ${bad} not`,
  difference: 'Difference',
  said: (difference: number) =>
    difference === 0 ? 'none' : `B ${difference > 0 ? '+' : '−'}${points(difference)}`,
  noneYet: '–',
  evidence: 'Evidence',
  evidenceOf: (value: number, at: number) => `${value.toFixed(value < 10 ? 2 : 0)} of ${at}`,
  chart: (looks: number, judged: number, difference: number, evidence: number) =>
    `${plural(looks, 'look', 'looks')} up to ${plural(judged, 'vote', 'votes')}: the difference is now ${(difference * 100).toFixed(1)} points, the evidence ${evidence.toFixed(2)}`,
  chartNone: 'The course appears with the first votes.',
  differenceAxis: 'B more liked, points',
  evidenceAxis: (decidesAt: number) => `evidence; ${decidesAt} decides`,
  votes: 'votes',
  asTable: 'As a table',
} as const
