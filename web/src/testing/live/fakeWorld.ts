/** The world around a line, in the hands of a test: time, network and the other end. */
import type { Surroundings, Wire } from '#live/socket.ts'

/** A line whose other end is the test. */
export class FakeWire implements Wire {
  readonly sent: Record<string, unknown>[] = []
  closed = false
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  send(data: string) {
    this.sent.push(JSON.parse(data))
  }
  close() {
    this.closed = true
  }
  say(...frames: object[]) {
    this.onmessage?.({ data: JSON.stringify(frames) })
  }
}

/** Time and network that move only when told to. */
export class FakeWorld implements Surroundings {
  time = 0
  isOnline = true
  readonly wires: FakeWire[] = []
  #jobs: { at: number; run: () => void }[] = []
  #changes = new Set<() => void>()
  connect = () => {
    const wire = new FakeWire()
    this.wires.push(wire)
    return wire
  }
  now = () => this.time
  random = () => 0.5
  online = () => this.isOnline
  later = (run: () => void, ms: number) => {
    const job = { at: this.time + ms, run }
    this.#jobs.push(job)
    return () => {
      this.#jobs = this.#jobs.filter((each) => each !== job)
    }
  }
  onChange = (run: () => void) => {
    this.#changes.add(run)
    return () => this.#changes.delete(run)
  }
  changed() {
    for (const run of this.#changes) run()
  }
  get listeners() {
    return this.#changes.size
  }
  get wire() {
    return this.wires.at(-1) as FakeWire
  }
  pass(ms: number) {
    const until = this.time + ms
    for (;;) {
      const next = this.#jobs.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#jobs = this.#jobs.filter((each) => each !== next)
      this.time = next.at
      next.run()
    }
    this.time = until
  }
}
