/** The twelve colours a persona may wear; gels.css gives each its light. */

export const GEL_HUES = {
  rose: 12,
  coral: 38,
  amber: 66,
  straw: 92,
  lime: 118,
  moss: 142,
  verdigris: 168,
  lagoon: 205,
  steel: 245,
  periwinkle: 275,
  wisteria: 305,
  orchid: 340,
} as const

export type Gel = keyof typeof GEL_HUES

export const GELS = Object.keys(GEL_HUES) as readonly Gel[]

/** The value for `data-gel`: the gel itself, or `none` for a name this build does not know. */
export function gelOf(name: string | null | undefined): Gel | 'none' {
  return name !== null && name !== undefined && Object.hasOwn(GEL_HUES, name) ? (name as Gel) : 'none'
}
