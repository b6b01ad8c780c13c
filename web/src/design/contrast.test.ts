import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { GEL_HUES } from './gels.ts'

type Colour = readonly [lightness: number, chroma: number, hue: number]

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const gels = readFileSync(new URL('./gels.css', import.meta.url), 'utf8')

function theme(name: 'dark' | 'light'): string {
  return new RegExp(`\\[data-theme='${name}'\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? ''
}

function token(of: string, name: string): string {
  return new RegExp(`--${name}: ([^;]+);`).exec(of)?.[1] ?? ''
}

function colour(of: string, name: string): Colour {
  const match = /^oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)$/.exec(token(of, name))
  if (!match) throw new Error(`--${name} is no plain oklch() colour`)
  return [Number(match[1]), Number(match[2]), Number(match[3])]
}

/** WCAG's relative luminance; OKLab to linear sRGB as in CSS Color 4, out of gamut parts cut off. */
function luminance([lightness, chroma, hue]: Colour): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const cut = (value: number) => Math.min(1, Math.max(0, value))
  const red = cut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)
  const green = cut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)
  const blue = cut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

describe.each(['dark', 'light'] as const)('in the %s house', (name) => {
  const of = theme(name)
  const grounds = ['house', 'board', 'flat'].map((ground) => colour(of, ground))
  const worst = (text: Colour) => Math.min(...grounds.map((ground) => contrast(text, ground)))

  test.each(['ink', 'ink2', 'ink3', 'limelight-text', 'curtain'])(
    'text in --%s can be read on every ground',
    (text) => {
      expect(worst(colour(of, text))).toBeGreaterThanOrEqual(4.5)
    },
  )

  test('borders of inputs stand out', () => {
    expect(worst(colour(of, 'edge'))).toBeGreaterThanOrEqual(3)
  })

  test('words on the limelight can be read', () => {
    expect(contrast(colour(of, 'limelight-ink'), colour(of, 'limelight'))).toBeGreaterThanOrEqual(7)
  })

  test.each(Object.entries(GEL_HUES))('a name in %s can be read on every ground', (_gel, hue) => {
    expect(worst([Number(token(of, 'gel-l')), Number(token(of, 'gel-c')), hue])).toBeGreaterThanOrEqual(4.5)
  })
})

test.each(Object.entries(GEL_HUES))('the stylesheet gives %s the hue the code knows', (gel, hue) => {
  expect(gels).toContain(`[data-gel='${gel}'] {\n    --gel-hue: ${hue};`)
})
