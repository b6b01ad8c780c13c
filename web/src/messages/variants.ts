/** The strings of variants: other words for a persona, judged by viewers. */
import { plural } from './count.ts'

const list = new Intl.ListFormat('en-GB')
const percent = (share: number) => `${Math.round(share * 100)} %`

export const variants = {
  title: 'Variants',
  unsaved: 'Save the persona first; then other words for it can be tried on viewers.',
  about:
    'Write the same persona in other words. Every new conversation gets one of the approved ones, and what viewers vote decides which is played more often.',
  trying: 'Being tried now.',
  notTrying: 'Nothing is tried: no variant is approved.',
  card: 'The card as it is',
  write: 'Write a variant',
  label: 'What to call it',
  fields: {
    voice: 'How it talks',
    about: 'Who it is',
    sample_lines: 'Sample lines',
    values: 'Holds dear',
    habits: 'Habits',
    forbidden: 'Never',
  },
  changed: (fields: readonly string[]) =>
    fields.length === 0 ? 'Change at least one field.' : `Replaces: ${list.format(fields)}.`,
  keep: 'Keep as a draft',
  draft: 'Draft',
  approved: 'Approved',
  approve: 'Approve and try',
  retire: 'Take away',
  adopt: 'Make it the next version',
  adoptTitle: (label: string) => `Make “${label}” the next version?`,
  adoptAbout: 'Its words become those of the card, and the trial ends.',
  adopted: (label: string) => `“${label}” is the persona’s next version.`,
  figures: (rate: number | null | undefined, assigned: number, good: number, bad: number) =>
    `${rate == null ? '' : `${percent(rate)} · `}${plural(assigned, 'conversation', 'conversations')} · ${good} liked · ${bad} not`,
  interval: (name: string, rate: number | null | undefined, low: number, high: number) =>
    rate == null
      ? `${name}: no votes yet`
      : `${name}: liked in ${percent(rate)}, between ${percent(low)} and ${percent(high)}`,
} as const
