/** Fetches code ahead when the browser has nothing better to do. */

const PATIENCE_MS = 4_000

/** The answer takes the wish back. */
export function whenIdle(fetchAhead: () => Promise<unknown>): () => void {
  // A fetch ahead that fails (the line may be down) is made again by whoever needs the code.
  const task = () => void fetchAhead().catch(() => undefined)
  // Safari has no idle callback.
  if (!('requestIdleCallback' in window)) {
    const timer = setTimeout(task, PATIENCE_MS / 2)
    return () => clearTimeout(timer)
  }
  const handle = requestIdleCallback(task, { timeout: PATIENCE_MS })
  return () => cancelIdleCallback(handle)
}
