/** Gives elements sizes in jsdom, which lays nothing out, so that the virtual list has something to show. */
import { vi } from 'vitest'

const VIEWPORT = 600
const ROW = 40

class SizedWatcher {
  readonly #seen: ResizeObserverCallback
  constructor(seen: ResizeObserverCallback) {
    this.#seen = seen
  }
  observe(target: Element) {
    const height = target.getAttribute('role') === 'log' ? VIEWPORT : ROW
    const entry = { target, contentRect: { width: 900, height } } as unknown as ResizeObserverEntry
    queueMicrotask(() => this.#seen([entry], this as unknown as ResizeObserver))
  }
  unobserve() {}
  disconnect() {}
}

export function withSizes(): void {
  vi.stubGlobal('ResizeObserver', SizedWatcher)
  Object.defineProperty(HTMLElement.prototype, 'offsetParent', {
    configurable: true,
    get(this: HTMLElement) {
      return this.parentNode
    },
  })
  // Everything fits: there is nowhere to scroll to.
  Object.defineProperty(HTMLElement.prototype, 'scrollTop', {
    configurable: true,
    get: () => 0,
    set: () => undefined,
  })
}
