/** Figures that people type: an empty field means no limit. */

export interface Typed {
  readonly value: number | null
  readonly ok: boolean
}

/** `5`, `$5.00`, `2,50`: dollars above nought. */
export function amountOf(text: string): Typed {
  const plain = text.trim().replace(/^\$\s*/, '')
  if (plain === '') return { value: null, ok: true }
  const value = /^\d+(?:[.,]\d{1,4})?$/.test(plain) ? Number(plain.replace(',', '.')) : Number.NaN
  return value > 0 && value <= 1_000_000 ? { value, ok: true } : { value: null, ok: false }
}

/** `60`, `100 000`: a whole number above nought. */
export function wholeOf(text: string): Typed {
  const plain = text.replace(/[\s,]/g, '')
  if (plain === '') return { value: null, ok: true }
  const value = /^\d{1,10}$/.test(plain) ? Number(plain) : 0
  return value > 0 ? { value, ok: true } : { value: null, ok: false }
}

export const typed = (value: number | null | undefined): string => (value == null ? '' : String(value))
