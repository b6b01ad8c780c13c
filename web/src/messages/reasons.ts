/** What the house's codes mean, in words. */

export const PAUSES: Readonly<Record<string, string>> = {
  providers_down: 'Nobody who could speak for them answers.',
  budget: 'The budget is spent.',
  credential: 'A provider does not accept its key.',
  moderation: 'Stopped for a look at what was said.',
  idle: 'Nobody was watching.',
}

const DROPPED: Readonly<Record<string, string>> = {
  provider_slow: 'The line was too slow',
  provider_busy: 'The line was busy',
  provider_refused: 'The key was refused',
  not_permitted: 'The key may not do this',
  quota_spent: 'The quota is spent',
  unknown_model: 'The model is gone',
  truncated_stream: 'The line broke',
  bad_stream: 'The line broke',
  paid_calls_stopped: 'Paid calls are stopped',
  budget_spent: 'The budget is spent',
  near_copy: 'It had been said before',
}

/** Why somebody else reads a line, in the words of a stage direction. */
export const dropped = (why: string | null | undefined) => DROPPED[why ?? ''] ?? 'The line dropped'

export const ENDINGS: Readonly<Record<string, string>> = {
  stopped: 'It was stopped by hand.',
  turns: 'The planned number of turns was played.',
  time: 'The planned time is over.',
  budget: 'The budget is spent.',
  tokens: 'The planned number of tokens is spent.',
  phrase: 'The closing words were said.',
  lull: 'Nobody had anything to add.',
  loop: 'They began to go in circles.',
  conflict: 'They could not be reconciled.',
  failed: 'Nobody could speak any more.',
}
