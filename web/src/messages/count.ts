/** Numbers as people read them. */

const number = new Intl.NumberFormat('en')

export const plural = (n: number, one: string, many: string): string =>
  `${number.format(n)} ${n === 1 ? one : many}`

/** `12 min`, `1 h 5 min`, `under a minute`. */
export function minutes(value: number): string {
  const whole = Math.round(value)
  if (whole < 1) return 'under a minute'
  if (whole < 60) return `${whole} min`
  const rest = whole % 60
  return rest === 0 ? `${Math.floor(whole / 60)} h` : `${Math.floor(whole / 60)} h ${rest} min`
}
