/** Which openings are offered: by theme, a few at a time, in an order that changes when asked. */
import type { Starter } from '#lib/api/types.ts'

/** The themes there are, the commonest first. */
export function themesOf(starters: readonly Starter[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { themes } of starters)
    for (const theme of themes) counts.set(theme, (counts.get(theme) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([theme]) => theme)
}

/** The openings in an order that mixes themes and is the same at every visit. */
export function mixed(starters: readonly Starter[]): readonly Starter[] {
  const place = (id: string) =>
    Array.from(id).reduce((sum, sign) => (sum * 31 + (sign.codePointAt(0) ?? 0)) % 9973, 7)
  return [...starters].sort((a, b) => place(a.id) - place(b.id) || a.id.localeCompare(b.id))
}

/** A handful of openings of a theme (all for null): the `page`-th, round and round. */
export function handful(
  starters: readonly Starter[],
  theme: string | null,
  page: number,
  size: number,
): readonly Starter[] {
  const own = theme === null ? starters : starters.filter(({ themes }) => themes.includes(theme))
  if (own.length <= size) return own
  return Array.from({ length: size }, (_, index) => own[(page * size + index) % own.length] as Starter)
}

/** Any opening but the one already there; `dice` is 0…1. */
export function suggestion(starters: readonly Starter[], current: string, dice: number): Starter | undefined {
  const others = starters.filter(({ text }) => text !== current)
  return others[Math.min(others.length - 1, Math.floor(dice * others.length))]
}
