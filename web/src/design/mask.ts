/** The mask kit: parts of a face in one shield, chosen by name, by list or by seed. */

/** One stroke or one filled shape of a mask, in the kit's 66 × 76 square. */
export interface Shape {
  readonly d: string
  readonly filled: boolean
}

export interface Face {
  readonly brows: Brows
  readonly eyes: Eyes
  readonly nose: Nose
  readonly mouth: Mouth
  readonly extra: Extra
}

export const MASK_WIDTH = 66
export const MASK_HEIGHT = 76
export const SHIELD = 'M7 8C24 2 42 2 59 8c2 30-6 52-26 64C13 60 5 38 7 8Z'

const line = (d: string): Shape => ({ d, filled: false })
const fill = (d: string): Shape => ({ d, filled: true })
const circle = (x: number, y: number, r: number) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`
const ring = (x: number, y: number, r: number) => line(circle(x, y, r))
const dot = (x: number, y: number, r: number) => fill(circle(x, y, r))

const BROWS = {
  none: [],
  soft: [line('M15 23c4-3 9-4 14-2M37 21c5-2 10-1 14 2')],
  raised: [line('M14 20c5-4 11-4 15-1M37 19c4-3 10-3 15 1')],
  uneven: [line('M14 19l14-2M38 20h12')],
  stern: [line('M14 20l15 5M37 25l15-5')],
  pleading: [line('M14 24c6-1 10-3 14-7M38 17c4 4 8 6 14 7')],
  doubting: [line('M14 25c4-2 9-2 14 0M37 20c3-6 11-7 15-3')],
  bushy: [line('M13 23c5-6 11-6 16-2M37 21c5-4 11-4 16 2M17 23c3-2 6-2 9-1M40 22c3-1 6-1 9 1')],
} satisfies Record<string, readonly Shape[]>

const EYES = {
  lowered: [line('M16 31c4 4 10 4 13 0M37 31c4 4 10 4 13 0')],
  laughing: [line('M15 32c3-6 11-6 14 0M37 32c3-6 11-6 14 0')],
  monocle: [ring(22, 31, 8), dot(22, 31, 2.4), dot(44, 31, 2.4), line('M30 31h4')],
  round: [ring(22, 32, 6), ring(44, 32, 6), dot(23, 33, 2.6), dot(43, 33, 2.6)],
  narrow: [line('M15 31h14M37 31h14'), fill('M19 31.6h6a3 3 0 0 1-6 0Z'), fill('M41 31.6h6a3 3 0 0 1-6 0Z')],
  almond: [
    line('M14 32c4-5 11-5 15 0c-4 4-11 4-15 0ZM37 32c4-5 11-5 15 0c-4 4-11 4-15 0Z'),
    dot(21.5, 31.8, 2.2),
    dot(44.5, 31.8, 2.2),
  ],
  spectacles: [
    ring(22, 32, 7.6),
    ring(44, 32, 7.6),
    line('M29.6 31c2-1.600 4.800-1.600 6.800 0'),
    dot(22, 33, 1.9),
    dot(44, 33, 1.9),
  ],
  visor: [
    line('M12 28c14-3 28-3 42 0l-1 7c-13 3-27 3-40 0Z'),
    fill('M18 29.500c5-.9 9-1.200 13-1.200v3.200c-4 0-8 .3-13 1Z'),
  ],
  wink: [dot(22, 31.5, 2.6), line('M37 32c4 3 10 3 14-1')],
} satisfies Record<string, readonly Shape[]>

const NOSES = {
  none: [],
  long: [line('M33 34v11l-4 2')],
  straight: [line('M33 36v9')],
  hooked: [line('M33 34c2 3 5 8 3 11c-2 2-4 2-6 1')],
  button: [dot(33, 43.5, 2.1)],
  broad: [line('M28 44c2 3 8 3 10 0')],
} satisfies Record<string, readonly Shape[]>

const MOUTHS = {
  calm: [line('M26 56h14')],
  laugh: [fill('M18 44c9 5 21 5 30 0-2 12-8 18-15 18s-13-6-15-18Z')],
  wry: [line('M27 57c5 1 9 0 13-3')],
  smile: [line('M23 53c5 6 15 6 20 0')],
  frown: [line('M25 58c3-4 9-5 15-3')],
  gasp: [fill(circle(33, 56, 4.2))],
  moustache: [
    fill('M33 50c-4-4-11-3-15 3c6 2 11 1 15-3c4 4 9 5 15 3c-4-6-11-7-15-3Z'),
    line('M28 58.500c3 2 7 2 10 0'),
  ],
  lips: [line('M24 56c3-4 6-4 9-2c3-2 6-2 9 2c-5 5-13 5-18 0ZM24 56h18')],
} satisfies Record<string, readonly Shape[]>

const EXTRAS = {
  none: [],
  cheeks: [dot(16, 44, 2.7), dot(50, 44, 2.7)],
  tear: [fill('M47 39c3 4.500 2.600 8 0 8s-3-3.500 0-8Z')],
  brim: [line('M2 17c20-6 42-6 62 0M13 13c3-11 37-11 40 0')],
  toque: [line('M11 13c14-3 30-3 44 0M15 6C8 3 10-6 18-4c3-6 12-6 15-2c3-4 12-4 15 2c8-2 10 7 3 10')],
  beard: [line('M20 56c2 5 4 8 6 10M33 62v7M46 56c-2 5-4 8-6 10')],
  rivets: [dot(13, 13, 1.6), dot(53, 13, 1.6), dot(15, 46, 1.6), dot(51, 46, 1.6)],
} satisfies Record<string, readonly Shape[]>

type Brows = keyof typeof BROWS
type Eyes = keyof typeof EYES
type Nose = keyof typeof NOSES
type Mouth = keyof typeof MOUTHS
type Extra = keyof typeof EXTRAS

export const KIT = { brows: BROWS, eyes: EYES, nose: NOSES, mouth: MOUTHS, extra: EXTRAS } as const

const face = (brows: Brows, eyes: Eyes, nose: Nose, mouth: Mouth, extra: Extra = 'none'): Face => ({
  brows,
  eyes,
  nose,
  mouth,
  extra,
})

/** The house's own troupe; every other seed is drawn from the kit. */
const TROUPE: Readonly<Record<string, Face>> = {
  philosopher: face('soft', 'lowered', 'long', 'calm'),
  comedian: face('raised', 'laughing', 'none', 'laugh'),
  scientist: face('uneven', 'monocle', 'straight', 'wry'),
  historian: face('bushy', 'spectacles', 'hooked', 'calm', 'beard'),
  poet: face('pleading', 'almond', 'straight', 'lips', 'tear'),
  engineer: face('soft', 'round', 'broad', 'calm', 'rivets'),
  skeptic: face('doubting', 'narrow', 'long', 'frown'),
  diplomat: face('soft', 'almond', 'long', 'smile'),
  child: face('raised', 'round', 'button', 'gasp', 'cheeks'),
  detective: face('none', 'narrow', 'hooked', 'wry', 'brim'),
  chef: face('raised', 'laughing', 'button', 'moustache', 'toque'),
  futurist: face('none', 'visor', 'straight', 'smile'),
}

/** A number in 0…2³²−1 that depends on every character (FNV-1a). */
function hash(text: string): number {
  let value = 2166136261
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 16777619) >>> 0
  }
  return value
}

function pick<Name extends string>(kind: string, parts: Readonly<Record<Name, unknown>>, seed: string): Name {
  const names = Object.keys(parts) as Name[]
  return names[hash(`${kind} ${seed}`) % names.length] as Name
}

function drawn(seed: string): Face {
  return {
    brows: pick('brows', BROWS, seed),
    eyes: pick('eyes', EYES, seed),
    nose: pick('nose', NOSES, seed),
    mouth: pick('mouth', MOUTHS, seed),
    extra: pick('extra', EXTRAS, seed),
  }
}

/** The face of a `mask` value: a seed, or parts such as `eyes:monocle,mouth:wry` (unnamed ones come from the seed). */
export function faceOf(mask: string): Face {
  if (Object.hasOwn(TROUPE, mask)) return TROUPE[mask] as Face
  const chosen: Record<string, string> = {}
  for (const pair of mask.includes(':') ? mask.split(',') : []) {
    const [kind = '', name = ''] = pair.split(':').map((word) => word.trim())
    const parts = Object.hasOwn(KIT, kind) ? KIT[kind as keyof typeof KIT] : {}
    if (Object.hasOwn(parts, name)) chosen[kind] = name
  }
  return { ...drawn(mask), ...chosen }
}

/** What to draw inside the shield, back to front. */
export function shapesOf(mask: string): readonly Shape[] {
  const { brows, eyes, nose, mouth, extra } = faceOf(mask)
  return [...EXTRAS[extra], ...BROWS[brows], ...EYES[eyes], ...NOSES[nose], ...MOUTHS[mouth]]
}
