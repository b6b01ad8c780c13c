/** The colouring of code, fetched apart: only a few conversations ever show any. */
import { common, createLowlight } from 'lowlight'

const lowlight = createLowlight(common)

/** The coloured tree of a program; of an unknown language, its plain text. */
export function colour(language: string, text: string) {
  if (!lowlight.registered(language)) return [{ type: 'text', value: text }]
  return lowlight.highlight(language, text).children
}
