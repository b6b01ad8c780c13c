/** What the server put into the page, so that the first screen needs no call. */
import type { Conversation, Message } from './api/types.ts'

export interface Boot {
  /** The conversation of this page. */
  readonly conversation?: Conversation
  /** Its last lines, oldest first. */
  readonly messages?: readonly Message[]
  /** What is on now. */
  readonly running?: readonly Conversation[]
}

/** Reads the island `<script type="application/json" id="boot">`; a page served unfilled has none. */
export function readBoot(page: Document): Boot {
  try {
    const value: unknown = JSON.parse(page.getElementById('boot')?.textContent ?? '')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
