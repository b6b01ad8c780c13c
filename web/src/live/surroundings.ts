/** The browser as the live parts see it: its sockets, timers, network and frames. */
import type { TickSource } from './clock.ts'
import type { Frames } from './conversationStore.ts'
import type { Surroundings, Wire } from './socket.ts'

export function liveAddress({
  protocol,
  host,
}: {
  readonly protocol: string
  readonly host: string
}): string {
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/api/v1/live`
}

export const BROWSER: Surroundings = {
  connect: () => new WebSocket(liveAddress(location)) as Wire,
  now: () => Date.now(),
  later(run, ms) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  online: () => navigator.onLine,
  onChange(run) {
    const seen = () => {
      if (!document.hidden) run()
    }
    addEventListener('online', run)
    addEventListener('offline', run)
    document.addEventListener('visibilitychange', seen)
    return () => {
      removeEventListener('online', run)
      removeEventListener('offline', run)
      document.removeEventListener('visibilitychange', seen)
    }
  },
}

/** The real page: frames stop while it is hidden, so nothing is drawn then and one flush follows on return. */
export const PAGE_FRAMES: Frames = {
  now: () => performance.now(),
  frame: (run) => void requestAnimationFrame(run),
  later: (run, ms) => void setTimeout(run, ms),
  afterCommit: (run) => queueMicrotask(run),
}

export const PAGE_TICKS: TickSource = {
  every(ms, run) {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  },
  hidden: () => document.hidden,
  onVisibility(run) {
    document.addEventListener('visibilitychange', run)
    return () => document.removeEventListener('visibilitychange', run)
  },
}
