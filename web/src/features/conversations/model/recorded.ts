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

/** The whole of a call as text, for the clipboard. */
export const copied = (call: RecordedCall): string => JSON.stringify(call, null, 2)
