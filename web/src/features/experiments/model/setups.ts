/** What two arms can differ in, as the form offers it and as cards tell it. */
import type { CreateExperiment, Experiment } from '#lib/api/types.ts'
import { experiments as say } from '#messages/experiments.ts'

export type Field = 'pace' | 'whispers' | 'director'
type Setup = CreateExperiment['arms'][number]
type Arm = Experiment['arms'][number]['setup']

/** What can be chosen of each field; who can direct, the house says. */
export const CHOICES = {
  pace: ['stream', 'human', 'instant'],
  whispers: ['on', 'off'],
} as const

export const FIRST: Readonly<Record<Field, readonly [string, string]>> = {
  pace: ['stream', 'human'],
  whispers: ['off', 'on'],
  director: ['show', 'human'],
}

export function setupOf(field: Field, value: string): Setup {
  if (field === 'director') return { director: value.trim() }
  if (field === 'whispers') return { whispers: value === 'on' }
  return { pace: { mode: value as 'stream' | 'human' | 'instant' } }
}

/** An arm in words. */
export function told({ director, pace, whispers }: Arm): string {
  const words = [
    pace?.mode && say.values[pace.mode],
    pace?.preset,
    pace?.speed != null && `${pace.speed}×`,
    whispers != null && say.values[whispers ? 'on' : 'off'],
    director != null && say.director(director),
  ]
  return words.filter(Boolean).join(', ')
}
