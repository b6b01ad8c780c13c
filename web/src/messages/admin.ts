/** The strings of Admin: providers, keys, limits, spending. */

import { plural } from './count.ts'
import { sayMoney } from './money.ts'

const number = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const rough = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 0 })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const month = new Intl.DateTimeFormat('en-GB', { month: 'long', timeZone: 'UTC' })
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

const FAILURES: Readonly<Record<string, string>> = {
  provider_error: 'failed',
  provider_down: 'did not answer',
  provider_busy: 'too busy',
  provider_slow: 'too slow',
  provider_refused: 'key refused',
  not_permitted: 'not permitted',
  quota_spent: 'quota spent',
  unknown_model: 'model unknown',
  content_refused: 'declined to answer',
  context_too_long: 'talk too long',
  truncated_stream: 'answer cut short',
  bad_stream: 'answer unreadable',
  invalid_request: 'request not understood',
}

const DISABLED: Readonly<Record<string, string>> = {
  provider_refused: 'The key was refused',
  quota_spent: 'The key’s quota is spent',
  key_unreadable: 'The stored key cannot be opened',
}

const FAILING: Readonly<Record<string, string>> = {
  provider_busy: 'Busy',
  provider_slow: 'Too slow',
  provider_down: 'Not answering',
}

const seconds = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

export const admin = {
  caption: 'Admin',
  title: 'Providers',
  toExperiments: 'Experiments',
  toSettings: 'Settings',
  loading: 'Asking the providers',

  ready: 'Ready',
  readyOf: (all: number) => `of ${plural(all, 'provider', 'providers')}`,
  today: 'Today',
  month: 'This month',
  overLimit: (limit: number) => `over the limit of ${sayMoney(limit)}`,
  ofLimit: (limit: number) => `of ${sayMoney(limit)}`,
  noLimit: 'no limit set',
  partly: 'partly estimated',
  monthName: (at: Date) => month.format(at),
  stopAll: 'Stop all paid calls',
  stopAllHint: 'At once, everywhere. Models on this machine and the troupe go on.',
  stopped: 'All paid calls are stopped.',
  stoppedAbout: 'Only models on this machine and the scripted troupe speak.',
  goOn: 'Let them go on',

  foundOne: (title: string) => `${title} is running here`,
  foundModels: (n: number) => plural(n, 'model', 'models'),
  use: 'Use it',
  found: 'Found on this machine',

  firstOne:
    'Only the troupe can play so far. Open a provider and paste its key, or start Ollama or LM Studio on this machine: they are found by themselves.',
  list: 'Providers',
  columns: { state: 'State', models: 'Models', speed: 'First word', spent: 'Today', key: 'Key' },
  states: {
    ready: 'Ready',
    down: 'Not answering',
    absent: 'Not running here',
    unknown: 'Not asked yet',
    noKey: 'Needs a key',
    noAddress: 'Needs an address',
    noModel: 'Running, but no model is there',
    held: 'Held: paid calls are stopped',
    disabled: (because: string) =>
      DISABLED[because] ?? `The key is not used: ${FAILURES[because] ?? because}`,
    open: (until: Date | null) =>
      until === null ? 'Resting after failures' : `Resting after failures, until ${clock.format(until)}`,
    halfOpen: 'Being tried again',
    failing: (code: string) => `${FAILING[code] ?? 'Failing'}: its newest calls failed`,
  },
  local: 'on this machine',
  open: (title: string) => `Everything about ${title}`,
  models: (n: number) => short.format(n),
  speed: (p50: number, p95: number | null) =>
    p95 === null ? seconds(p50) : `${seconds(p50)} / ${seconds(p95)}`,
  none: '–',
  free: 'free',
  environment: 'environment',
  keyEnds: (last4: string) => (last4 === '' ? 'set' : `···· ${last4}`),

  key: 'Key',
  keyNew: 'Paste a key',
  keyReplace: (last4: string) =>
    last4 === '' ? 'Paste another to replace it' : `Ends in ${last4}; paste to replace`,
  keyKept: 'Sealed when it is stored, and never shown again.',
  keyFromEnvironment: 'This one comes from the environment; a key stored here is used before it.',
  keyStored: (when: string) => `Stored ${when}. Sealed, and never shown again.`,
  address: 'Address',
  addressHint: 'Up to and including /v1. Another address drops the stored key.',
  addressHintLocal: 'Empty: looked for at its usual place on this machine.',
  test: 'Test',
  save: 'Save',
  remove: 'Remove the key',
  removed: 'The stored key is gone.',
  removeTitle: (title: string) => `Remove the key of ${title}?`,
  removeAbout: 'It is deleted here; at the provider it stays valid until you revoke it there.',
  answers: (ms: number | null) => (ms === null ? 'It answers.' : `It answers, in ${seconds(ms)}.`),
  kept: 'Saved.',
  keptOld: 'Nothing was saved; the key before it stays.',
  notSaved: 'Nothing was saved.',
  saveAnyway: 'Save anyway',
  testing: 'Asking…',

  health: 'Health',
  facts: {
    first: 'First word',
    firstHint: 'half the time / 19 times of 20',
    speed: 'Tokens a second',
    calls: 'Calls',
    failed: 'Failed',
    breaker: 'Breaker',
    last: 'Last failure',
    success: 'Last success',
  },
  breaker: {
    closed: 'Closed: all is well',
    failing: 'Closed: it is still asked',
    open: (until: Date | null) => (until === null ? 'Open' : `Open until ${clock.format(until)}`),
    half_open: 'Half open: one turn tries it',
  },
  calls: (n: number) => number.format(n),
  perSecond: (n: number) => n.toFixed(n < 10 ? 1 : 0),
  failure: (code: string) => FAILURES[code] ?? code,
  noCalls: 'Nobody has spoken with it since the house opened.',

  modelsTitle: 'Models',
  modelsSearch: 'Search models',
  modelsNone: 'No model by that name.',
  modelsEmpty: 'It lists no model.',
  modelsMore: (n: number) => `Show all ${number.format(n)}`,
  model: 'Model',
  priceIn: 'In',
  priceOut: 'Out',
  priceAbout: 'Prices in US dollars for a million tokens.',
  context: 'Context',
  contextOf: (tokens: number) => rough.format(tokens).toLowerCase(),
  priceUnknown: 'unknown',

  limits: 'Limits',
  limitsAbout: 'Kept before a call is made; what is over waits, or goes to another. Empty: no limit.',
  requests: 'Requests a minute',
  tokens: 'Tokens a minute',
  atOnce: 'At once',
  wholeWrong: 'A whole number above nought.',
  usualModel: 'Usual model',
  usualHouse: 'The house’s choice',

  pull: 'Fetch a model',
  pullName: 'Name of the model',
  pullPlaceholder: 'qwen3:8b',
  pullGo: 'Fetch',
  pullHint: 'A few gigabytes, from Ollama’s own library to this machine.',
  pullHere: 'It is here, and can be cast.',
  pullNoted: (model: string) => `Leave ${model} out of this list`,
  pullCancel: (model: string) => `Stop fetching ${model}`,
  pulled: (done: number, all: number) => `${(done / 1e9).toFixed(1)} of ${(all / 1e9).toFixed(1)} GB`,
  pullProgress: (model: string) => `How much of ${model} is here`,

  spending: 'Spending',
  spanLabel: 'Days shown',
  spans: { '7': '7 days', '30': '30 days', '90': '90 days' },
  nothingSpent: 'Nothing was spent.',
  nothingSpentAbout:
    'What the troupe and the models on this machine say costs nothing. What others say is counted here, call by call.',
  chart: (days: number, total: number) => `${sayMoney(total)} in ${days} days`,
  day: (iso: string) => date.format(new Date(iso)),
  asTable: 'As a table',
  dayColumn: 'Day',
  total: 'Together',
  byProvider: 'By provider',
  byConversation: 'By conversation',
  gone: 'A deleted conversation',
  callsOf: (n: number) => plural(n, 'call', 'calls'),
  tokensOf: (n: number) => `${short.format(n)} tokens`,
  utc: 'Days begin at midnight UTC.',

  budgets: 'Budgets',
  budgetsAbout:
    'In US dollars. Empty: no limit. When one is spent, the show ends well or rests until midnight UTC; nobody is called any more.',
  houseDay: 'The house, a day',
  conversationDefault: 'A conversation, unless it has its own',
  providerDay: (title: string) => `${title}, a day`,
  amountWrong: 'An amount above nought, as 2.50.',
  saved: 'Saved.',

  recording: 'Behind the lines',
  record: 'Record what models are asked and answer',
  recordHint:
    'For looking behind a line: prompt, answer, times, failures. Keys are cut out. Kept for 7 days in the database of this house, sent nowhere.',

  off: (what: string) => `${what} cannot be shown.`,
} as const
