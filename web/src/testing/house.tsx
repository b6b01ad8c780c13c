/** The whole app in jsdom before a server of fixtures, for tests that go in by the door. */
import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRouter, RouterProvider } from '@tanstack/react-router'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { makeQueryClient } from '../app/queryClient.ts'
import { routeTree } from '../app/routeTree.gen.ts'
import { ErrorPage, NotFoundPage } from '../app/shell/ErrorPage.tsx'
import { COMPANY, PROVIDERS, STARTERS } from './fixtures.ts'

export const API = `${location.origin}/api/v1`

const page = (items: readonly unknown[]) => HttpResponse.json({ items, next_cursor: null })

/** Answers for everything every screen asks; a test puts its own before them with `server.use`. */
export const server = setupServer(
  http.get(`${API}/personas`, () => page(COMPANY)),
  http.get(`${API}/personas/:slug`, ({ params }) => {
    const found = COMPANY.find(({ slug }) => slug === params.slug)
    return found
      ? HttpResponse.json(found)
      : HttpResponse.json({ code: 'not_found', detail: 'There is no such persona.' }, { status: 404 })
  }),
  // The studio asks once more a moment after the last change, when a test may be over.
  http.post(`${API}/personas/preview`, () =>
    HttpResponse.json({ system: '', moment: '', tokens: 1, cut: [], alike: [], variables: {} }),
  ),
  http.get(`${API}/providers`, () => page(PROVIDERS)),
  http.get(`${API}/providers/:name/models`, ({ params }) =>
    page((PROVIDERS.find(({ name }) => name === params.name)?.models ?? []).map((id) => ({ id }))),
  ),
  http.get(`${API}/directors`, () =>
    page([{ name: 'show', description: 'Lively and even.', version: '1', plugin: false }]),
  ),
  http.get(`${API}/starters`, () => page(STARTERS)),
  http.get(`${API}/conversations`, () => page([])),
  // A screen may still be asking when its test is over.
  http.get(`${API}/conversations/:id/polls`, () => page([])),
  http.get(`${API}/conversations/:id/analytics`, () => HttpResponse.json({ phases: [] })),
)

/** Starts and stops the server around the tests of a file. */
export function withServer(): void {
  beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())
}

/** Opens an address of the app. */
export function visit(address: string) {
  const queryClient = makeQueryClient()
  queryClient.setDefaultOptions({ queries: { ...queryClient.getDefaultOptions().queries, retry: false } })
  const history = createMemoryHistory({ initialEntries: [address] })
  const router = createRouter({
    routeTree,
    history,
    context: { queryClient, boot: {} },
    defaultErrorComponent: ErrorPage,
    defaultNotFoundComponent: NotFoundPage,
  })
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  )
  return { user: userEvent.setup(), where: () => router.state.location.href }
}
