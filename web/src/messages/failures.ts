/** The words of turns that failed: who broke off, why, and when it is tried again. */

const number = new Intl.NumberFormat('en')
const list = new Intl.ListFormat('en')
const spell = (seconds: number) =>
  seconds < 90 ? `${seconds} s` : `${number.format(Math.round(seconds / 60))} min`

const FAILURES: Readonly<Record<string, string>> = {
  interrupted: 'The line was interrupted.',
  internal: 'Something fell in the wings.',
  provider_error: 'The provider failed.',
  provider_down: 'The provider did not answer.',
  provider_busy: 'The provider is too busy.',
  provider_slow: 'The provider took too long.',
  provider_refused: 'The provider refused.',
  not_permitted: 'The key may not use this model.',
  quota_spent: 'The provider’s quota is spent.',
  unknown_model: 'The provider does not know this model.',
  content_refused: 'The model declined to say it.',
  context_too_long: 'The talk has grown too long for this model.',
  truncated_stream: 'The provider’s answer was cut short.',
  bad_stream: 'The provider’s answer could not be read.',
}

export const failures = {
  failed: (names: readonly string[], times: number) => {
    const [first = '', ...others] = names
    const who = list.format([first, ...others.map((name) => name.replace(/^The /, 'the '))])
    const verb = others.length === 0 ? 'breaks off' : 'break off'
    return times > names.length ? `[${who} ${verb}, ${number.format(times)} times.]` : `[${who} ${verb}.]`
  },
  reason: (code: string) => FAILURES[code] ?? 'The turn failed.',
  details: (code: string, detail: string | null) => (detail ? `${detail} (${code})` : code),
  willRetry: 'The house tries again by itself.',
  triesAgain: (seconds: number) =>
    seconds === 0 ? 'It is tried again now.' : `It is tried again in ${spell(seconds)}.`,
  wontRetry: 'It will not be tried again.',
} as const
