/** How a provider stands, as one light and one sentence: the first thing that is wrong with it, else that it is well. */
import type { Provider } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'

export type Light = 'ready' | 'down' | 'resting' | 'idle'

export interface Standing {
  readonly light: Light
  readonly text: string
}

/** Whether a call to it can cost money. */
export const isPaid = ({ local, scripted }: Provider): boolean => !local && !scripted

function resting({ breaker, breaker_until }: Provider): Standing | null {
  if (breaker === 'open') {
    return {
      light: 'resting',
      text: admin.states.open(breaker_until == null ? null : new Date(breaker_until)),
    }
  }
  return breaker === 'half_open' ? { light: 'resting', text: admin.states.halfOpen } : null
}

/** When the newest calls all failed it is not well, though a breaker has not yet opened. */
export function failing({ health }: Provider): boolean {
  const { errors, last_failure_at: failed, last_success_at: answered } = health
  if (errors === 0 || failed == null) return false
  return answered == null || Date.parse(failed) > Date.parse(answered)
}

/** What most of the recent failures were. */
function worst({ health }: Provider): string {
  const [first] = Object.entries(health.failures).toSorted(([, a], [, b]) => b - a)
  return first?.[0] ?? ''
}

export function standing(provider: Provider, paidCalls: boolean): Standing {
  const { credential, wants_key, state, found, local, models, scripted } = provider
  if (credential?.disabled_because) {
    return { light: 'down', text: admin.states.disabled(credential.disabled_because) }
  }
  if (state === 'unset' || (wants_key && !credential))
    return {
      light: 'idle',
      text: wants_key ? admin.states.noKey : local ? admin.states.absent : admin.states.noAddress,
    }
  if (!paidCalls && isPaid(provider)) return { light: 'idle', text: admin.states.held }
  const rest = resting(provider)
  if (rest) return rest
  if (state === 'down') {
    return { light: local && !found ? 'idle' : 'down', text: local ? admin.states.absent : admin.states.down }
  }
  if (state === 'unknown') return { light: 'idle', text: admin.states.unknown }
  if (!scripted && local && models.length === 0) return { light: 'resting', text: admin.states.noModel }
  if (failing(provider)) return { light: 'resting', text: admin.states.failing(worst(provider)) }
  return { light: 'ready', text: admin.states.ready }
}

const GELS: Readonly<Record<string, string>> = {
  openai: 'moss',
  anthropic: 'coral',
  gemini: 'steel',
  deepseek: 'periwinkle',
  compatible: 'orchid',
  lmstudio: 'straw',
  ollama: 'lagoon',
  llamacpp: 'amber',
}

/** The colour a provider has in every picture of the spending. */
export const colourOf = (name: string): string => GELS[name] ?? 'wisteria'

/** The providers whose address a person may choose. */
const ADDRESSED = new Set(['compatible', 'lmstudio', 'ollama'])

export const hasAddress = ({ name }: Provider): boolean => ADDRESSED.has(name)

/** Local servers that were found by themselves and have something to play. */
export function foundHere(providers: readonly Provider[]): readonly Provider[] {
  return providers.filter(({ found, state, models }) => found && state === 'ready' && models.length > 0)
}
