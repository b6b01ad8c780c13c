/** The browser as the line sees it: its sockets, timers and network. */
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
