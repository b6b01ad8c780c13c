/** The words of the phases of a show. */

const NAMES: Readonly<Record<string, string>> = {
  opening: 'Opening',
  development: 'Development',
  turning_point: 'Turning point',
  finale: 'Finale',
}

export const phases = {
  name: (phase: string) => NAMES[phase] ?? phase,
  now: (phase: string) => `Phase of the show: ${(NAMES[phase] ?? phase).toLowerCase()}`,
} as const
