import { configure, screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { beforeEach, expect, test, vi } from 'vitest'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { type Said, said, turn } from '#testing/live/logs.ts'
import { seat } from '#testing/live/seats.ts'
import { withSizes } from '#testing/live/sizes.ts'
import { stageHouse } from '#testing/live/stageHouse.ts'
import type { Feedback, Highlight, Marked, Poll } from '../api/stalls.ts'

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 8_000 })
vi.setConfig({ testTimeout: 30_000 })
withServer()
withSizes()
beforeEach(() => sessionStorage.clear())

const AT = '2026-11-22T21:00:00.000Z'
const CAST = [seat('philosopher'), seat('comedian', 'amber')]
const who = { participant_id: 'par_philosopher' }
const running = { status: 'running', title: 'Tea?', topic: 'Tea?', participants: CAST } as const
const begun: Said[] = [
  ['conversation.created', { title: 'Tea?', topic: 'Tea?', participants: CAST }],
  ['conversation.started', {}],
  turn('a', who),
  said('a', 'Tea is a question.', who),
]
const poll: Poll = {
  id: 'pol_1',
  question: 'What next?',
  options: ['Owls', 'Soup'],
  open: true,
  opened_at: AT,
  closes_at: new Date(Date.now() + 600_000).toISOString(),
  votes: 0,
  quorum: 3,
  decides: 'topic',
}
const feedback: Feedback = { up: 2, neutral: 0, down: 1, mine: null, says: 'not_enough_votes' }
const marked: Marked = { id: 'a', seq: 4, name: 'Philosopher', text: 'Tea is a question.', at: AT, ...who }

/** What the stalls are now; every change of a viewer's is noted, and answered by `after`. */
interface Stalls {
  polls: readonly Poll[]
  vote: Feedback
  wishes: readonly { topic: string; votes: number; mine: boolean }[]
  highlights: readonly Highlight[]
  bookmarks: readonly Marked[]
}

function stalls(change: Partial<Stalls> = {}) {
  const now: Stalls = { polls: [], vote: feedback, wishes: [], highlights: [], bookmarks: [], ...change }
  const asked: string[] = []
  const at = `${API}/conversations/cnv_1`
  const list = (items: () => readonly unknown[]) => () =>
    HttpResponse.json({ items: items(), next_cursor: null })
  const noted = async ({ request }: { readonly request: Request }) => {
    const path = new URL(request.url).pathname.split('/cnv_1')[1]
    asked.push([request.method, path, await request.text()].filter(Boolean).join(' '))
    return HttpResponse.json(path?.startsWith('/polls') ? poll : now.vote)
  }
  server.use(
    http.get(
      `${at}/polls`,
      list(() => now.polls),
    ),
    http.get(
      `${at}/highlights`,
      list(() => now.highlights),
    ),
    http.get(
      `${at}/bookmarks`,
      list(() => now.bookmarks),
    ),
    http.get(`${at}/vote`, () => HttpResponse.json(now.vote)),
    http.get(`${at}/topics`, () =>
      HttpResponse.json({ topic: 'Tea?', past: [], wishes: now.wishes, suggestions: ['Rain'] }),
    ),
    http.put(`${at}/polls/:poll/vote`, noted),
    http.post(`${at}/polls`, noted),
    http.put(`${at}/vote`, noted),
    http.put(`${at}/topics`, noted),
    http.put(`${at}/messages/:message/:mark`, noted),
    http.delete(`${at}/messages/:message/:mark`, noted),
  )
  return { now, asked }
}

async function open() {
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByRole('tab', { name: 'Stalls' }))
  const side = within(screen.getByRole('complementary', { name: 'About this conversation' }))
  return { user, side }
}

test('an open poll takes one vote from the stage or the panel, and says what came of it', async () => {
  const house = stageHouse(begun, running)
  const { now, asked } = stalls({ polls: [poll] })
  const { user, side } = await open()
  const answer = await side.findByRole('button', { name: 'Soup' })
  expect(side.getByText('0 votes · needs 3 votes · the winner becomes the topic')).toBeVisible()
  now.polls = [{ ...poll, votes: 4, results: [1, 3], mine: 1 }]
  await user.click(answer)
  expect(asked).toEqual(['PUT /polls/pol_1/vote {"option":1}'])
  const mine = await side.findByRole('button', { name: /^Soup.*75 %.*your vote$/ })
  expect(mine).toHaveAttribute('aria-pressed', 'true')
  now.polls = [{ ...poll, open: false, votes: 4, results: [1, 3], winner: 'Soup', because: 'majority' }]
  house.say(['poll.closed', { poll_id: 'pol_1' }])
  await user.click(await side.findByText('Earlier polls (1)'))
  expect(side.getByText('“Soup” it is.')).toBeVisible()
  expect(side.queryByRole('button', { name: /Soup/ })).toBeNull()
})

test('a poll is written: without two answers it cannot be opened, what is empty is left out', async () => {
  stageHouse(begun, running)
  const { asked } = stalls()
  const { user, side } = await open()
  await user.click(await side.findByText('Ask the stalls'))
  await user.type(side.getByRole('textbox', { name: 'Question' }), 'What next?')
  await user.type(side.getByRole('textbox', { name: 'Answer 1' }), 'Owls')
  expect(side.getByRole('button', { name: 'Open the poll' })).toBeDisabled()
  await user.type(side.getByRole('textbox', { name: 'Answer 2' }), 'Soup')
  await user.click(side.getByRole('button', { name: 'One more answer' }))
  await user.click(side.getByRole('button', { name: '3 min' }))
  await user.click(side.getByRole('checkbox', { name: 'The winner becomes the topic' }))
  await user.click(side.getByRole('button', { name: 'Open the poll' }))
  const body = { question: 'What next?', options: ['Owls', 'Soup'], seconds: 180, decides: 'topic' }
  await waitFor(() => expect(asked).toEqual([`POST /polls ${JSON.stringify(body)}`]))
  expect(side.getByRole('textbox', { name: 'Question' })).toHaveValue('')
})

test('a poll that is refused stays written and says why', async () => {
  stageHouse(begun, running)
  stalls()
  const detail = 'A poll is open already.'
  server.use(
    http.post(`${API}/conversations/cnv_1/polls`, () =>
      HttpResponse.json({ code: 'conflict', detail }, { status: 409 }),
    ),
  )
  const { user, side } = await open()
  await user.click(await side.findByText('Ask the stalls'))
  for (const [name, text] of [
    ['Question', 'What next?'],
    ['Answer 1', 'Owls'],
    ['Answer 2', 'Soup'],
  ] as const)
    await user.type(side.getByRole('textbox', { name }), text)
  await user.click(side.getByRole('button', { name: 'Open the poll' }))
  expect(await side.findByText(detail)).toBeVisible()
  expect(side.getByRole('textbox', { name: 'Question' })).toHaveValue('What next?')
})

test('topics are wished in own words, after others, or as the house offers them', async () => {
  stageHouse(begun, running)
  const { now, asked } = stalls({ wishes: [{ topic: 'Owls', votes: 2, mine: false }] })
  const { user, side } = await open()
  await user.click(await side.findByRole('button', { name: 'Wish for Owls, 2 votes' }))
  now.wishes = [{ topic: 'Soup', votes: 1, mine: true }]
  await user.type(side.getByRole('textbox', { name: 'Wish a topic' }), '  ')
  expect(side.getByRole('button', { name: 'Wish it' })).toBeDisabled()
  await user.type(side.getByRole('textbox', { name: 'Wish a topic' }), 'Soup')
  await user.click(side.getByRole('button', { name: 'Wish it' }))
  expect(await side.findByRole('button', { name: 'Wish for Soup, 1 vote' })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
  await user.click(side.getByText('From the house'))
  await user.click(side.getByRole('button', { name: 'Wish for Rain' }))
  await waitFor(() => expect(asked).toHaveLength(3))
  expect(asked.map((each) => each.replace(/^PUT \/topics /, ''))).toEqual([
    '{"topic":"Owls"}',
    '{"topic":"  Soup"}',
    '{"topic":"Rain"}',
  ])
})

test('a vote on the talk is given, changed and taken back', async () => {
  stageHouse(begun, running)
  const { now, asked } = stalls()
  const { user, side } = await open()
  const good = await side.findByRole('button', { name: 'Good 2' })
  expect(side.getByText('Not enough votes to say more.')).toBeVisible()
  now.vote = { ...feedback, up: 3, mine: 1 }
  await user.click(good)
  const given = await side.findByRole('button', { name: 'Good 3' })
  expect(given).toHaveAttribute('aria-pressed', 'true')
  await user.click(side.getByRole('button', { name: 'Not good 1' }))
  now.vote = feedback
  await user.click(given)
  expect(await side.findByRole('button', { name: 'Good 2' })).toHaveAttribute('aria-pressed', 'false')
  expect(asked).toEqual(['PUT /vote {"value":1}', 'PUT /vote {"value":-1}', 'PUT /vote {"value":0}'])
})

test('marked lines say why they stand out, and lead to their place', async () => {
  stageHouse(begun, running)
  stalls({
    highlights: [{ ...marked, because: ['by_hand', 'applause'], weight: 1 }],
    bookmarks: [marked],
  })
  const { user, side } = await open()
  expect(await side.findByText('marked by a viewer, a peak of applause')).toBeVisible()
  const [highlight, bookmark] = side.getAllByRole('link', { name: 'Show the line of Philosopher' })
  expect(bookmark).toHaveAttribute('href', '/c/cnv_1#a')
  await user.click(highlight as HTMLElement)
  await waitFor(() => expect(document.activeElement?.id).toBe('row-a'))
})

test('a line is marked for all, and kept for oneself until that is taken back', async () => {
  stageHouse(begun, running)
  const { now, asked } = stalls({ bookmarks: [marked] })
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByRole('button', { name: 'React to the line' }))
  const keep = await screen.findByRole('button', { name: 'Bookmark for yourself' })
  await waitFor(() => expect(keep).toHaveAttribute('aria-pressed', 'true'))
  now.bookmarks = []
  await user.click(keep)
  await waitFor(() => expect(keep).toHaveAttribute('aria-pressed', 'false'))
  await user.click(screen.getByRole('button', { name: 'Highlight for everybody' }))
  await waitFor(() => expect(asked).toEqual(['DELETE /messages/a/bookmark', 'PUT /messages/a/highlight']))
})
