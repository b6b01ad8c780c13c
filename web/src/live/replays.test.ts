import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Envelope } from './events.ts'
import { type Frame, parse } from './protocol.ts'
import { begin, receive, refill, type Session } from './session.ts'
import { blank, type ConversationState, type Direction, type Line } from './state.ts'

interface Replay {
  name: string
  frames: (object | { refill: Envelope[] })[]
  expected: { status: string; head_seq: number; messages: object[]; directions?: object[] }
}

const folder = new URL('../../../contracts/replays/', import.meta.url)
const replays = readdirSync(folder).map(
  (file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Replay,
)

function play({ frames }: Replay): Session {
  let session = begin(blank('cnv_01'))
  for (const frame of frames) {
    if ('refill' in frame) {
      session = refill(session, frame.refill, 0).session
      continue
    }
    for (const known of parse(JSON.stringify(frame))) {
      session = receive(session, known as Exclude<Frame, { type: 'hello' }> as never, 0).session
    }
  }
  return session
}

function transcript({ state, drafts }: Session) {
  const lines = state.rows.filter((row): row is Line => row.kind === 'line')
  const finished = lines.filter(({ draft }) => !draft).sort((a, b) => a.seq - b.seq)
  return [...finished, ...lines.filter(({ draft }) => draft)].map((line) => ({
    id: line.id,
    author: line.author.name,
    text: line.draft ? (drafts.byMessage.get(line.id)?.text ?? '') : line.text,
    ending: line.ending,
    draft: line.draft,
  }))
}

function told({ what }: Direction, { participants }: ConversationState) {
  const of = 'participantId' in what ? participants.find(({ id }) => id === what.participantId) : undefined
  return {
    type: what.type,
    ...(of && { participant: of.name }),
    ...('code' in what && { code: what.code }),
    ...('because' in what && what.because !== null && { because: what.because }),
    ...('topic' in what && { topic: what.topic }),
  }
}

test.each(replays)('$name folds to its transcript', (replay) => {
  const session = play(replay)
  const { state } = session
  const directions = state.rows.filter((row): row is Direction => row.kind === 'direction')
  expect(state.status).toBe(replay.expected.status)
  expect(state.headSeq).toBe(replay.expected.head_seq)
  expect(transcript(session)).toEqual(replay.expected.messages)
  if (replay.expected.directions) {
    expect(directions.map((each) => told(each, state))).toEqual(replay.expected.directions)
  }
})

test('there are stories to tell', () => {
  expect(replays.length).toBeGreaterThanOrEqual(8)
})
