/** Says what was measured: a line for people, and one of JSON in the file named by BENCH_OUT. */
import { appendFileSync } from 'node:fs'

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** At most this; absent where the figure is only told. */
  readonly goal?: number
}

export function report(figures: readonly Figure[]): void {
  for (const { name, value, unit, goal } of figures) {
    const verdict = goal === undefined ? '    ' : value <= goal ? 'ok  ' : 'OVER'
    console.log(
      `${verdict} ${value.toFixed(3).padStart(10)} ${unit.padEnd(6)} ${goal === undefined ? '' : `of ${goal} `.padEnd(8)}${name}`,
    )
  }
  const file = process.env.BENCH_OUT
  if (file) appendFileSync(file, figures.map((figure) => `${JSON.stringify(figure)}\n`).join(''))
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
