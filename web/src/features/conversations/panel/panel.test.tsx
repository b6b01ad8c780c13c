import { configure, fireEvent, screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Note, Quality, Relations } from '#lib/api/types.ts'
import { API, server, visit, withServer } from '#testing/house.tsx'
import { type Said, said, turn } from '#testing/live/logs.ts'
import { withSizes } from '#testing/live/sizes.ts'
import { stageHouse } from '#testing/live/stageHouse.ts'

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 8_000 })
vi.setConfig({ testTimeout: 30_000 })
withServer()
withSizes()
beforeEach(() => sessionStorage.clear())

const AT = '2026-11-22T21:00:00.000Z'
const [PHIL, COM] = ['par_philosopher', 'par_comedian']
const seat = (id: string, name: string, color: string) => {
  const slug = name.toLowerCase()
  const route = { provider: 'scripted', model: 'troupe' }
  return {
    id,
    persona_id: `per_${slug}`,
    slug,
    name: `The ${name}`,
    color,
    mask: slug,
    muted: false,
    ...route,
  }
}
const CAST = [seat(PHIL, 'Philosopher', 'steel'), seat(COM, 'Comedian', 'amber')]
const running = { status: 'running', title: 'Tea?', topic: 'Tea?', participants: CAST } as const
const begun: Said[] = [
  ['conversation.created', { title: 'Tea?', topic: 'Tea?', participants: CAST }],
  ['conversation.started', {}],
  turn('a', { participant_id: PHIL }),
  said('a', 'Tea is a question.', { participant_id: PHIL }),
]

function change(seq: number, from: string, to: string, affinity: number, more: object = {}) {
  return { seq, at: AT, from, to, affinity, delta: 0.2, evidence: 'a', ...more }
}

function relations(history: Relations['history'], next_cursor: string | null = null): Relations {
  const ties = [
    { from: PHIL, to: COM, affinity: 0, start: 0.05 },
    { from: COM, to: PHIL, affinity: 0, start: 0.05 },
  ]
  return { conversation_id: 'cnv_1', ties, pairs: [], camps: [], balance: 1, history, next_cursor }
}

const note: Note = {
  id: 'nte_1',
  participant_id: COM,
  text: 'The Philosopher asks too much of tea.',
  kind: 'opinion',
  about: PHIL,
  source: 'a',
  importance: 0.8,
  weight: 0.8,
  seq: 5,
  at: AT,
  recalled: 1,
}

const get = (path: string, answer: () => object) =>
  server.use(http.get(`${API}/conversations/cnv_1/${path}`, () => HttpResponse.json(answer())))

async function open(tab: string) {
  const { user } = visit('/c/cnv_1')
  await user.click(await screen.findByRole('tab', { name: tab }))
  const side = screen.getByRole('complementary', { name: 'About this conversation' })
  return { user, side: within(side) }
}

test('the score shows with its parts, and what could not be told is not made up', async () => {
  stageHouse(begun, running)
  const scored: Quality['history'][number] = {
    seq: 90,
    at: AT,
    first_seq: 1,
    last_seq: 90,
    messages: 24,
    score: 81.2,
    components: { floor: 0.9, novelty: 0.4 },
    voices: {},
  }
  get('quality', () => ({ conversation_id: 'cnv_1', history: [scored], next_cursor: null }))
  const { user, side } = await open('Now')
  expect(await side.findByText('81')).toBeVisible()
  await user.click(side.getByText('What it is made of'))
  expect(side.getByRole('meter', { name: 'Fair shares' })).toHaveAttribute('aria-valuenow', '90')
  expect(side.getAllByText('too little to tell')).toHaveLength(7)
})

test('moods and the energy of the topic are told as the turn began', async () => {
  const house = stageHouse(begun, running)
  const { side } = await open('Now')
  house.say(turn('b', { participant_id: COM, energy: 0.2, moods: { [COM]: 'anger' } }))
  expect(await side.findByText('angry')).toBeVisible()
  expect(side.getByText('as usual')).toBeVisible()
  expect(side.getByText('nearly talked out')).toBeVisible()
})

test('the ledger is read page by page; time goes back by key, and a receipt leads to its line', async () => {
  stageHouse(begun, running)
  const first = [change(5, PHIL, COM, 0.4)]
  const second = [change(9, COM, PHIL, 0.5, { alliance: 'formed', evidence: 'b' })]
  server.use(
    http.get(`${API}/conversations/cnv_1/relations`, ({ request }) =>
      HttpResponse.json(
        new URL(request.url).searchParams.get('cursor') === 'more'
          ? relations(second)
          : relations(first, 'more'),
      ),
    ),
  )
  const { user, side } = await open('Relations')
  const pair = await side.findByRole('button', { name: /Philosopher → Comedian.*\+\.40.*allies/s })
  const slider = side.getByRole('slider', { name: 'Moment' })
  expect(slider).toHaveAttribute('aria-valuetext', 'now')
  slider.focus()
  fireEvent.change(slider, { target: { value: '1' } })
  expect(pair).not.toHaveTextContent('allies')
  expect(slider.getAttribute('aria-valuetext')).toMatch(/^1 of 2/)
  fireEvent.change(slider, { target: { value: '0' } })
  expect(side.getByText('Nothing has changed between them yet.')).toBeVisible()
  fireEvent.change(slider, { target: { value: '2' } })
  await user.click(pair)
  expect(pair).toHaveAttribute('aria-pressed', 'true')
  await user.click(side.getByRole('button', { name: /Tea is a question/ }))
  await vi.waitFor(() => expect(document.activeElement?.id).toBe('row-a'))
})

test('a memory is put right, or forgotten', async () => {
  stageHouse(begun, running)
  let notes: readonly Note[] = [note]
  get('notes', () => ({ items: notes, next_cursor: null }))
  const asked: unknown[] = []
  server.use(
    http.patch(`${API}/conversations/cnv_1/notes/nte_1`, async ({ request }) => {
      const body = (await request.json()) as Pick<Note, 'text' | 'importance'>
      asked.push(body)
      notes = [{ ...note, ...body }]
      return HttpResponse.json(notes[0])
    }),
    http.delete(`${API}/conversations/cnv_1/notes/nte_1`, () => {
      notes = []
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user, side } = await open('Memory')
  expect(await side.findByText(note.text)).toBeVisible()
  expect(side.getByText('an opinion of the Philosopher · important · recalled once')).toBeVisible()
  await user.click(side.getByRole('button', { name: 'Edit the note' }))
  const field = side.getByRole('textbox', { name: 'Note' })
  await user.clear(field)
  await user.type(field, 'Tea matters.')
  await user.click(side.getByRole('button', { name: 'Save' }))
  expect(await side.findByText('Tea matters.')).toBeVisible()
  expect(asked).toEqual([{ text: 'Tea matters.', importance: 0.8 }])
  await user.click(side.getByRole('button', { name: 'Philosopher' }))
  expect(side.getByText('Philosopher remembers nothing yet.')).toBeVisible()
  await user.click(side.getByRole('button', { name: 'Comedian' }))
  await user.click(side.getByRole('button', { name: 'Forget the note' }))
  await user.click(await screen.findByRole('button', { name: 'Forget it' }))
  expect(await side.findByText('Comedian remembers nothing yet.')).toBeVisible()
})

test('a note of an earlier show is marked, and leads to no line of this one', async () => {
  stageHouse(begun, running)
  get('notes', () => ({ items: [{ ...note, from_conversation: 'cnv_0' }], next_cursor: null }))
  const { side } = await open('Memory')
  expect(await side.findByText(/recalled once · from an earlier show/)).toBeVisible()
  expect(side.queryByRole('button', { name: /^Show the line/ })).toBeNull()
  expect(side.getByRole('button', { name: 'Edit the note' })).toBeVisible()
})

test('what a note cannot be changed to is said beside it, and nothing is lost', async () => {
  stageHouse(begun, running)
  get('notes', () => ({ items: [note], next_cursor: null }))
  server.use(
    http.patch(`${API}/conversations/cnv_1/notes/nte_1`, () =>
      HttpResponse.json(
        { code: 'not_found', status: 404, detail: 'Nobody remembers such a note.' },
        { status: 404 },
      ),
    ),
  )
  const { user, side } = await open('Memory')
  await user.click(await side.findByRole('button', { name: 'Edit the note' }))
  await user.type(side.getByRole('textbox', { name: 'Note' }), ' And more.')
  await user.click(side.getByRole('button', { name: 'Save' }))
  expect(await side.findByText('Nobody remembers such a note.')).toBeVisible()
  expect(side.getByRole('textbox', { name: 'Note' })).toHaveValue(`${note.text} And more.`)
})

test('the figures are pictures, and a table for whoever does not see them', async () => {
  stageHouse(begun, running)
  get('analytics', () => ({
    conversation_id: 'cnv_1',
    messages: 6,
    words: 60,
    shares: CAST.map(({ id }) => ({ participant_id: id, messages: 3, words: 30, share: 0.5 })),
    score: {
      seq: [1, 1, 1, 1, 1, 1],
      participant: [0, 1, 0, 1, 0, 1],
      partner: [-1, -1, -1, -1, -1, -1],
      words: [10, 10, 10, 10, 10, 10],
      warmth: [0, 0, 0, 0, 0, 0],
      at: [1, 10_000, 10_000, 10_000, 10_000, 10_000],
    },
    phases: [],
    course: {
      cost: [0, 0, 0, 0.5, 0, 0],
      sentiment: [null, 0.5, 0.5, 0.5, 0.5, 0.5],
      energy: [0.7, 0.7, 0.7, 0.7, 0.7, 0.7],
      emotion: [null, null, null, 'joy', 'joy', 'anger'],
      acts: [[], [], [], [], [], []],
      positions: [{ seq: 2, participant_id: COM, value: 0.5 }],
      topics: [],
    },
  }))
  const { user, side } = await open('Figures')
  expect(await side.findByText('bright')).toBeVisible()
  await user.click(side.getByText('As a table'))
  const rows = side.getAllByRole('row')
  expect(rows).toHaveLength(3)
  expect(within(rows[2] as HTMLElement).getByText('$0.50')).toBeVisible()
  expect(within(rows[2] as HTMLElement).getByText('joy')).toBeVisible()
})

test.each([
  ['Relations', 'relations'],
  ['Memory', 'notes'],
  ['Figures', 'analytics'],
])('%s that cannot be read say so, and can be asked for again', async (tab, path) => {
  stageHouse(begun, running)
  const broken = { code: 'internal', status: 500, title: 'Broken', detail: 'It broke.' }
  server.use(http.get(`${API}/conversations/cnv_1/${path}`, () => HttpResponse.json(broken, { status: 500 })))
  const { side } = await open(tab)
  expect(await side.findByText('It broke.')).toBeVisible()
  expect(side.getByRole('button', { name: 'Try again' })).toBeEnabled()
})
