/** The minds a seat can be given, and what a thousand lines of each would cost. */
import type { Model, Provider } from '#lib/api/types.ts'
import { start as words } from '#messages/conversations.ts'

/** What an ordinary line takes: the persona, what was said before, and the line itself. */
const LINE_INPUT_TOKENS = 1_500
const LINE_OUTPUT_TOKENS = 90
const MILLION = 1_000_000

/** The provider of a seat that is played by whoever fits best, turn by turn. */
export const AUTO = 'auto'

/** Dollars for a thousand lines; null where a price is not known. */
export type Price = number | null

export interface Mind {
  /** `provider` or `provider model`; empty leaves the choice to the house. */
  readonly value: string
  readonly label: string
  readonly price: Price
  readonly model: Model | null
}

export interface MindGroup {
  readonly provider: string
  readonly title: string
  readonly local: boolean
  readonly minds: readonly Mind[]
}

export function splitMind(mind: string): { readonly provider: string; readonly model: string } {
  const [provider = '', ...model] = mind.split(' ')
  return { provider, model: model.join(' ') }
}

export function linesPrice(
  { local, scripted }: Pick<Provider, 'local' | 'scripted'>,
  model: Model | null,
): Price {
  if (local || scripted) return 0
  if (model?.input_price == null || model.output_price == null) return null
  const line = LINE_INPUT_TOKENS * model.input_price + LINE_OUTPUT_TOKENS * model.output_price
  return (line / MILLION) * 1_000
}

/** Every mind there is: by provider, those ready first; a provider that is down is not offered. */
export function mindGroups(
  providers: readonly Provider[],
  modelsOf: (provider: string) => readonly Model[] | undefined,
): readonly MindGroup[] {
  return providers
    .filter(({ scripted, state }) => !scripted && state !== 'down' && state !== 'unset')
    .map((provider): MindGroup => {
      const { name, title, local } = provider
      const known = modelsOf(name) ?? provider.models.map((id): Model => ({ id }))
      const minds = known.map((model) => ({
        value: `${name} ${model.id}`,
        label: model.id,
        price: linesPrice(provider, model),
        model,
      }))
      return { provider: name, title, local, minds }
    })
    .filter(({ minds }) => minds.length > 0)
}

/** The choices that name no model: the house's, the troupe's, and whoever fits best where anybody could. */
export function openMinds(providers: readonly Provider[]): readonly Mind[] {
  const troupe = providers.find(({ scripted }) => scripted)
  const auto = providers.some(({ scripted, state }) => !scripted && state === 'ready')
  return [
    { value: '', label: words.houseChoice, price: null, model: null },
    ...(auto ? [{ value: AUTO, label: words.auto, price: null, model: null }] : []),
    ...(troupe ? [{ value: troupe.name, label: words.scripted, price: 0, model: null }] : []),
  ]
}

/** How a chosen mind is named on its seat. */
export function mindLabel(mind: string, providers: readonly Provider[]): string {
  const open = openMinds(providers).find(({ value }) => value === mind)
  if (open) return open.label
  const { provider, model } = splitMind(mind)
  const title = providers.find(({ name }) => name === provider)?.title ?? provider
  return model === '' ? words.usualOf(title) : model
}

/** What a whole conversation would cost, if every seat's price is known; its turns are shared evenly. */
export function showPrice(prices: readonly Price[], turns: number): Price {
  let sum = 0
  for (const price of prices) {
    if (price === null) return null
    sum += price
  }
  return prices.length === 0 ? null : (sum / prices.length / 1_000) * turns
}
