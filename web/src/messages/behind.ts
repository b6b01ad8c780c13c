/** The strings of what stands behind a line. */
import { plural } from './count.ts'
import { providerTitle } from './minds.ts'

const number = new Intl.NumberFormat('en')
const seconds = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

const WHY: Readonly<Record<string, string>> = {
  provider_down: 'It did not answer.',
  provider_slow: 'It took too long.',
  provider_busy: 'It was too busy.',
  provider_refused: 'It refused its key.',
  not_permitted: 'It does not permit this to its key.',
  quota_spent: 'Its quota is spent.',
  unknown_model: 'It does not know this model.',
  truncated_stream: 'Its answer was cut short.',
  bad_stream: 'Its answer could not be read.',
  paid_calls_stopped: 'Paid calls are stopped in this house.',
  near_copy: 'Twice it said almost word for word what had been said.',
  repeats: 'Twice it used phrases it had used before.',
  empty: 'Twice it said nothing.',
  insult: 'Its line insulted somebody in a quarrel that had to cool.',
  leak: 'Its line gave away what it had been told.',
  content_refused: 'It declined to say it.',
  budget_spent: 'The budget is spent.',
}

const ROLES: Readonly<Record<string, string>> = { self: 'the persona', others: 'the others' }

/** What a line does, as the house reads it. */
const ACTS: Readonly<Record<string, string>> = {
  question: 'asks',
  answer: 'answers',
  claim: 'claims',
  challenge: 'challenges',
  concession: 'concedes',
  joke: 'jokes',
}

export const behind = {
  found: 'Reads as',
  read: (acts: readonly string[], emotion: string | null) => {
    const does = acts.map((act) => ACTS[act] ?? act).join(', ')
    const feels = emotion === null ? '' : `full of ${emotion}`
    return [does, feels].filter(Boolean).join('; ')
  },
  seat: 'Plays from now on:',
  title: (name: string) => `Behind the line of ${name.replace(/^The /, 'the ')}`,
  playedBy: 'Played by',
  troupe: 'The house’s own troupe, without a model',
  route: (model: string, title: string) => `${model}, ${title}`,
  insteadOf: 'Understudy for',
  lead: (route: string) => {
    const [provider = '', ...model] = route.split('/')
    return model.length === 0 ? providerTitle(provider) : `${model.join('/')}, ${providerTitle(provider)}`
  },
  why: (code: string) => WHY[code] ?? code,
  took: 'Time',
  times: (first: number | null, whole: number) =>
    first === null ? seconds(whole) : `first word after ${seconds(first)}, all in ${seconds(whole)}`,
  tokens: 'Tokens',
  inOut: (read: number, said: number) => `${number.format(read)} read, ${number.format(said)} said`,
  cached: (n: number) => `${number.format(n)} of those read came from a cache`,
  cost: 'Cost',
  free: 'nothing',
  unknown: 'unknown: no price is known for this model',
  at: 'At',
  failed: 'Failed',
  reason: 'Reason',
  calls: 'Calls made for it',
  notRecorded: 'Calls are not being recorded.',
  noneRecorded: 'None was recorded: the troupe needs no call, and others are forgotten after 7 days.',
  switchOn: 'Switch it on for the lines to come',
  answered: 'Answered',
  unsaid: 'Answered, but not said',
  copy: 'Copy',
  copied: 'Copied',
  notCopied: 'The clipboard is closed',
  answer: 'Answer',
  reasoning: 'Thinking',
  system: 'System prompt',
  messages: (n: number) => plural(n, 'message', 'messages'),
  role: (role: string) => ROLES[role] ?? role,
  knobs: 'Knobs',
  nothing: '–',
} as const
