/** What went wrong with a call, as the server says it (RFC 9457) or as the network did. */

export interface ProblemDetails {
  readonly status: number
  /** Stable; see the documentation of the API. `offline` when no answer came at all. */
  readonly code: string
  readonly detail: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  readonly request_id?: string | null
}

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly errors: readonly { readonly path: string; readonly message: string }[]
  readonly requestId: string | null

  constructor(details: ProblemDetails) {
    super(details.detail)
    this.status = details.status
    this.code = details.code
    this.errors = details.errors ?? []
    this.requestId = details.request_id ?? null
  }

  get offline(): boolean {
    return this.status === 0
  }

  get notFound(): boolean {
    return this.status === 404 || this.status === 403
  }
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function fieldErrors(value: unknown): { path: string; message: string }[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry: unknown) => {
    const { path, message } = (entry ?? {}) as { path?: unknown; message?: unknown }
    return typeof message === 'string' ? [{ path: text(path) ?? '', message }] : []
  })
}

/** The problem an answer describes; one that is no problem+json (a proxy's page) still becomes a readable one. */
export function problemOf(status: number, body: unknown): Problem {
  const said = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  return new Problem({
    status,
    code: text(said.code) ?? `http_${status}`,
    detail: text(said.detail) ?? text(said.title) ?? `The server answered ${status}.`,
    errors: fieldErrors(said.errors),
    request_id: text(said.request_id) ?? null,
  })
}

export function offlineProblem(): Problem {
  return new Problem({ status: 0, code: 'offline', detail: 'The house cannot be reached.' })
}

/** Any thrown value as a problem, so that screens show one kind of thing. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem({
    status: 500,
    code: 'client',
    detail: error instanceof Error ? error.message : String(error),
  })
}
