/** Keeps the keys that are pressed before the code that knows what they mean has come. */
let kept: KeyboardEvent[] = []
const keep = (event: KeyboardEvent): unknown => kept.push(event)

/** From the first paint on. */
export function keepKeys(): void {
  window.addEventListener('keydown', keep)
}

/** What was pressed until now, in order; from here on somebody else listens. */
export function takeKeys(): readonly KeyboardEvent[] {
  window.removeEventListener('keydown', keep)
  const taken = kept
  kept = []
  return taken
}
