/** Where an open conversation comes from: the house's HTTP interface. */
import { api, unwrap } from '#lib/api/client.ts'
import { asProblem } from '#lib/api/problem.ts'
import type { Envelope } from '#live/events.ts'
import type { Source } from '#live/log.ts'
import type { WireConversation } from '#live/opening.ts'
import { fetchEvents } from '../api/queries.ts'

export const source: Source = {
  async conversation(id) {
    try {
      const path = { conversation_id: id }
      const found = await unwrap(api.GET('/api/v1/conversations/{conversation_id}', { params: { path } }))
      return found as WireConversation
    } catch (error) {
      if (asProblem(error).notFound) return null
      throw error
    }
  },
  events: async (id, after, limit) => (await fetchEvents(id, after, limit)) as readonly Envelope[],
}
