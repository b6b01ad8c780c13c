/** Which conversation the house shows at its door. */
import type { Conversation } from '#lib/api/types.ts'

/** The one being watched, else the newest that runs; null when nothing does (or nothing is known yet). */
export function featured(
  running: readonly Pick<Conversation, 'id'>[] | undefined,
  watched: string | null,
): string | null {
  return watched ?? running?.[0]?.id ?? null
}
