/** An office for tests: providers, switches and spending, with everything it was asked to change. */
import { HttpResponse, http } from 'msw'
import type { HouseSwitches, Provider, Spending } from '#lib/api/types.ts'
import { provider } from './fixtures.ts'
import { API, server } from './house.tsx'

export const KEY = { source: 'stored', last4: 'k3Qz', fingerprint: 'ab12', count: 1 } as const

export const OPENAI = provider('openai', { title: 'OpenAI', wants_key: true, state: 'unset' })

export const HOUSE: HouseSwitches = {
  paid_calls: true,
  record_calls: false,
  budgets: {
    house_day: 10,
    owner_day: null,
    credential_day: null,
    provider_day: {},
    conversation_default: null,
  },
}
const NOTHING: Spending = {
  currency: 'USD',
  days: [],
  providers: [],
  conversations: [],
  today: { amount: 0, estimated: false },
  month: { amount: 0, estimated: false },
}

/** An office with these providers; what it is asked to change is written down. */
export function office(providers: readonly Provider[], spending: Partial<Spending> = {}) {
  const asked: string[] = []
  let house = HOUSE
  const note = async (request: Request) => {
    const path = new URL(request.url).pathname.replace('/api/v1', '')
    asked.push(`${request.method} ${path} ${await request.text()}`)
  }
  server.use(
    http.get(`${API}/providers`, () => HttpResponse.json({ items: providers, next_cursor: null })),
    http.get(`${API}/house`, () => HttpResponse.json(house)),
    http.get(`${API}/spending`, () => HttpResponse.json({ ...NOTHING, ...spending })),
    http.patch(`${API}/house`, async ({ request }) => {
      const change = (await request.clone().json()) as Partial<HouseSwitches>
      await note(request)
      house = { ...house, ...change }
      return HttpResponse.json(house)
    }),
    http.put(`${API}/providers/:name/credential`, async ({ request, params }) => {
      await note(request)
      return HttpResponse.json(provider(String(params.name)))
    }),
    http.delete(`${API}/providers/:name/credential`, async ({ request }) => {
      await note(request)
      return new HttpResponse(null, { status: 204 })
    }),
    http.patch(`${API}/providers/:name`, async ({ request, params }) => {
      await note(request)
      return HttpResponse.json(provider(String(params.name)))
    }),
    http.post(`${API}/providers/:name/check`, async ({ request }) => {
      const body = await request.clone().text()
      await note(request)
      if (body.includes('deaf')) {
        return HttpResponse.json({ ok: false, code: 'provider_down', detail: 'Nothing answers.' })
      }
      return body.includes('wrong')
        ? HttpResponse.json({ ok: false, code: 'provider_refused', detail: 'The key was refused.' })
        : HttpResponse.json({ ok: true, detail: '', latency_ms: 231 })
    }),
  )
  return asked
}
