/** The server's time as heartbeats tell it and one shared second hand for everything that shows time. */

const SAMPLES = 5

/** Server time minus local time: the median of the last heartbeats, so that one late frame does not move it. */
export class ServerClock {
  readonly #now: () => number
  #samples: readonly number[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  hear(serverTime: string): void {
    const time = Date.parse(serverTime)
    if (Number.isNaN(time)) return
    this.#samples = [...this.#samples, time - this.#now()].slice(-SAMPLES)
  }

  get offset(): number {
    const sorted = this.#samples.toSorted((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? 0
  }

  now = (): number => this.#now() + this.offset
}

export interface TickSource {
  every(ms: number, run: () => void): () => void
  hidden(): boolean
  onVisibility(run: () => void): () => void
}

/** Ticks once a second while somebody listens and the page is seen. */
export class Ticker {
  readonly #source: TickSource
  readonly #listeners = new Set<() => void>()
  #stopTicking: (() => void) | null = null
  #stopWatching: (() => void) | null = null

  constructor(source: TickSource) {
    this.#source = source
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    this.#stopWatching ??= this.#source.onVisibility(this.#adjust)
    this.#adjust()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#stopWatching?.()
      this.#stopWatching = null
      this.#adjust()
    }
  }

  readonly #adjust = (): void => {
    const wanted = this.#listeners.size > 0 && !this.#source.hidden()
    if (wanted && !this.#stopTicking) {
      this.#tick()
      this.#stopTicking = this.#source.every(1000, this.#tick)
    } else if (!wanted && this.#stopTicking) {
      this.#stopTicking()
      this.#stopTicking = null
    }
  }

  readonly #tick = (): void => {
    for (const listener of this.#listeners) listener()
  }
}
