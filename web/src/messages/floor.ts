/** The words of taking the floor: who wanted it, how much and why, and what gave it to whom. */

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2).replace(/^0/, '')}`

const CAUSES: Readonly<Record<string, string>> = {
  addressed: 'addressed',
  owed: 'owed an answer',
  self_selected: 'own wish',
  overdue: 'silent for long',
  continued: 'goes on',
  invited: 'invited',
  duet: 'duet',
}

const REASONS: Readonly<Record<string, string>> = {
  addressed: 'was spoken to',
  owed: 'owes an answer',
  topic: 'knows the matter',
  thread: 'is still in the exchange',
  tie: 'cares about who spoke last',
  crowd: 'was cheered on by the audience',
  mediation: 'was asked to make peace',
  energy: 'is in the mood to talk',
  waiting: 'has been listening for a while',
  overdue: 'has been silent for long',
  invited: 'was invited to speak',
  director: 'is wanted by the model in the wings',
  none: 'is listening',
}

const TERMS: Readonly<Record<string, string>> = {
  addressed: 'spoken to',
  owed: 'owes an answer',
  topic: 'knows the matter',
  thread: 'still in the exchange',
  tie: 'feels for the last speaker',
  crowd: 'cheered on',
  mediation: 'asked to make peace',
  energy: 'own energy',
  waiting: 'has waited',
  overdue: 'silent for long',
  invited: 'invited',
  director: 'a model’s advice',
}

const ABSENT: Readonly<Record<string, string>> = {
  gone: 'is not installed any more',
  failed: 'failed',
  resting: 'rests after failures',
}

const BECAUSE: Readonly<Record<string, string>> = {
  lull: 'against a lull',
  loop: 'against going in circles',
  conflict: 'against a quarrel',
  finale: 'for the finale',
}

const SPOKE: Readonly<Record<string, string>> = {
  addressed: 'was spoken to.',
  owed: 'owed somebody an answer.',
  self_selected: 'took the floor unasked.',
  overdue: 'had been silent for long.',
  continued: 'had more to say.',
  invited: 'was invited to speak.',
  duet: 'speaks with an ally.',
}

export const floor = {
  wanted: 'Wants to speak',
  nobody: 'Nobody has asked for the floor yet.',
  cause: (cause: string) => `cause: ${CAUSES[cause] ?? cause}`,
  reason: (reason: string) => REASONS[reason] ?? reason,
  bid: (value: number) => value.toFixed(2).replace(/^0/, ''),
  leftOut: (muted: boolean) => (muted ? 'is asked to be silent' : 'has just spoken'),
  chance: (value: number) => `chance ${Math.round(value * 100)}%`,
  term: (code: string) => TERMS[code] ?? code.replaceAll('_', ' '),
  weight: signed,

  why: (name: string) => `Why ${name.replace(/^The /, 'the ')} spoke`,
  whyCause: (name: string, cause: string) => `${name} ${SPOKE[cause] ?? cause}`,
  afterPause: (ms: number) => `after a pause of ${(ms / 1000).toFixed(1)} s`,
  directedBy: (director: string, why: string) =>
    `“${director}” directed: this conversation’s own director ${ABSENT[why] ?? why}.`,
  bids: 'Who wanted to speak',
  directorNote: 'The director’s note',
  noteBecause: (because: string | null) =>
    because === null ? 'given by hand' : (BECAUSE[because] ?? because),
  reminded: 'Reminded of',
  forgotten: 'a note that was forgotten since',
  moodThen: 'Moods',
  noStory: 'The beginning of this turn is not in reach.',
} as const
