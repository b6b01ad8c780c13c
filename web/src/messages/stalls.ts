/** The words of the stalls: polls, wishes, votes on the talk, highlights and bookmarks. */
import { plural } from './count.ts'

const WHY: Readonly<Record<string, string>> = {
  by_hand: 'marked by a viewer',
  applause: 'a peak of applause',
  boos: 'booed',
  warmth: 'brought them closer',
  tension: 'drove them apart',
  alliance_formed: 'an alliance began',
  alliance_ended: 'an alliance broke',
  quarrel: 'a quarrel broke out',
  peace: 'peace was made',
  loop_broken: 'broke a loop',
  new_topic: 'opened a new topic',
}

const UNDECIDED: Readonly<Record<string, string>> = {
  tie: 'A tie: nothing is decided.',
  quorum: 'Too few votes: nothing is decided.',
}

const SAYS: Readonly<Record<string, string>> = {
  not_enough_votes: 'Not enough votes to say more.',
  agrees: 'Viewers and score agree.',
  likes_it_more: 'Viewers like it more than the score does.',
  likes_it_less: 'Viewers like it less than the score does.',
}

export const stalls = {
  poll: 'Poll',
  polls: 'Earlier polls',
  left: (seconds: number) => `${plural(seconds, 'second', 'seconds')} left`,
  counting: 'counting',
  vote: (option: string) => `Vote for ${option}`,
  votes: (count: number) => plural(count, 'vote', 'votes'),
  share: (votes: number, of: number) => `${Math.round((100 * votes) / of)} %`,
  needs: (quorum: number) => `needs ${plural(quorum, 'vote', 'votes')}`,
  setsTopic: 'the winner becomes the topic',
  won: (option: string) => `“${option}” it is.`,
  undecided: (because: string) => UNDECIDED[because] ?? '',
  mine: 'your vote',
  ask: 'Ask the stalls',
  question: 'Question',
  option: (number: number) => `Answer ${number}`,
  addOption: 'One more answer',
  removeOption: (number: number) => `Without answer ${number}`,
  seconds: 'Open for',
  duration: (seconds: number) => (seconds < 120 ? `${seconds} s` : `${seconds / 60} min`),
  decides: 'The winner becomes the topic',
  open: 'Open the poll',
  oneAtATime: 'One poll at a time.',
  wishes: 'Wished next',
  wish: 'Wish a topic',
  send: 'Wish it',
  wishFor: (topic: string) => `Wish for ${topic}`,
  offered: 'From the house',
  noWishes: 'Nobody has wished for anything yet.',
  judge: 'How is the talk?',
  up: 'Good',
  down: 'Not good',
  approval: (value: number, votes: number) =>
    `${Math.round(value)} of 100 by ${plural(votes, 'vote', 'votes')}`,
  joined: (value: number) => `${Math.round(value)} with the score`,
  says: (code: string) => SAYS[code] ?? '',
  highlights: 'Highlights',
  bookmarks: 'Your bookmarks',
  noHighlights: 'No line stands out yet. Mark one, or applaud.',
  noBookmarks: 'A bookmark keeps a line for you alone.',
  why: (codes: readonly string[]) => codes.map((code) => WHY[code] ?? code).join(', '),
  goTo: (name: string) => `Show the line of ${name}`,
  highlight: 'Highlight for everybody',
  bookmark: 'Bookmark for yourself',
  copyLink: 'Copy a link to this line',
  copied: 'The link is in the clipboard.',
  notCopied: 'The link could not be copied.',
}
