/** What pictures may be shown to the cast, and how large they are sent. */

export const MOST_PICTURES = 4
/** What models look at; a longer side would be shrunk by them anyway. */
export const LONGEST_SIDE = 1568
/** SVG is a program and HEIC nobody can read: neither is taken. */
export const PICTURE_TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

export interface Size {
  readonly width: number
  readonly height: number
}

/** The size a picture is sent in: as it is, or shrunk to the longest side; never less than a pixel. */
export function fitted({ width, height }: Size): Size {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

export interface Taken<F> {
  readonly files: readonly F[]
  /** What was left out, if anything was. */
  readonly left: 'type' | 'count' | null
}

/** Which of the offered files can be shown beside those already there. */
export function taken<F extends { readonly type: string }>(offered: readonly F[], present: number): Taken<F> {
  const pictures = offered.filter(({ type }) => PICTURE_TYPES.includes(type))
  const files = pictures.slice(0, Math.max(0, MOST_PICTURES - present))
  if (files.length < pictures.length) return { files, left: 'count' }
  return { files, left: pictures.length < offered.length ? 'type' : null }
}
