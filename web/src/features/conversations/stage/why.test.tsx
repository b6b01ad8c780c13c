import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import type { Envelope } from '#live/events.ts'
import { blank } from '#live/state.ts'
import { turnStoryQuery } from '../api/minds.ts'
import { Why } from './Why.tsx'

const began = {
  turn_id: 'ta',
  message_id: 'a',
  participant_id: 'par_comedian',
  generation: 1,
  cause: 'self_selected',
  pause_ms: 1200,
  bids: [
    {
      participant_id: 'par_comedian',
      value: 0.8,
      reason: 'director',
      terms: { director: 1.5 },
      said: 'The room needs a joke.',
    },
  ],
  directed_by: { director: 'show', why: 'failed' },
}

test('what a model in the wings said is told, and who directed in another’s place', async () => {
  const client = new QueryClient()
  const story = [{ type: 'turn.started', seq: 4, body: began }] as unknown as Envelope[]
  client.setQueryData(turnStoryQuery('cnv_1', 'ta', 5).queryKey, story)
  render(
    <QueryClientProvider client={client}>
      <Why state={blank('cnv_1')} turnId="ta" seq={5} name="The Comedian" />
    </QueryClientProvider>,
  )
  expect(await screen.findByText('The room needs a joke.')).toBeVisible()
  expect(screen.getByText(/is wanted by the model in the wings/)).toBeVisible()
  expect(screen.getByText(/a model’s advice/)).toBeVisible()
  expect(screen.getByText('“show” directed: this conversation’s own director failed.')).toBeVisible()
})
