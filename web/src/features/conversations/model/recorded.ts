/** A recorded call, taken apart for reading: what was asked, with which knobs. */
import type { RecordedCall } from '#lib/api/types.ts'

export interface Asked {
  readonly system: string
  readonly messages: readonly { readonly role: string; readonly text: string }[]
  readonly knobs: readonly (readonly [name: string, value: string])[]
}

const written = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 2)

function textOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return written(message)
  const { role: _, text, content, parts, ...rest } = message as Record<string, unknown>
  const said = text ?? content ?? parts
  if (Array.isArray(said)) return said.map(textOf).join('\n')
  return said === undefined ? written(rest) : written(said)
}

function roleOf(message: unknown): string {
  const role = (message as { role?: unknown } | null)?.role
  return typeof role === 'string' ? role : ''
}

/** The request in parts; whatever is neither system prompt nor message is a knob. */
export function asked({ request }: Pick<RecordedCall, 'request'>): Asked {
  const { system, messages, ...knobs } = request
  return {
    system: system === undefined || system === null ? '' : written(system),
    messages: Array.isArray(messages)
      ? messages.map((message: unknown) => ({ role: roleOf(message), text: textOf(message) }))
      : [],
    knobs: Object.entries(knobs)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, written(value)]),
  }
}

const squeezed = (text: string) => text.replace(/\s+/g, ' ').trim()
/** So much of a line's beginning is enough to know it by. */
const BEGINNING = 40

/** The calls that answered with something else than the line that was said, in the end, by another or at another try. */
export function unsaid(
  calls: readonly Pick<RecordedCall, 'id' | 'error' | 'text'>[],
  line: { readonly text: string; readonly scripted: boolean },
): ReadonlySet<string> {
  const answered = calls.filter(({ error, text }) => !error && text !== '')
  const beginning = squeezed(line.text).slice(0, BEGINNING)
  const said = answered.filter(({ text }) => !line.scripted && squeezed(text).includes(beginning))
  // Where no answer is known again, the line was only cut: nothing is claimed of any of them.
  if (said.length === 0 && !line.scripted) return new Set()
  return new Set(answered.filter((call) => !said.includes(call)).map(({ id }) => id))
}

/** The whole of a call as text, for the clipboard. */
export const copied = (call: RecordedCall): string => JSON.stringify(call, null, 2)
