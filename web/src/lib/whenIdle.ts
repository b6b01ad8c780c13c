/** Does something when the browser has nothing better to do; the answer takes the wish back. */

const PATIENCE_MS = 4_000

export function whenIdle(task: () => unknown): () => void {
  // Safari has no idle callback.
  if (!('requestIdleCallback' in window)) {
    const timer = setTimeout(task, PATIENCE_MS / 2)
    return () => clearTimeout(timer)
  }
  const handle = requestIdleCallback(() => void task(), { timeout: PATIENCE_MS })
  return () => cancelIdleCallback(handle)
}
