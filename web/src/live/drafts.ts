/** Joins the pieces of messages that are still being spoken. Offsets count UTF-16 code units, as strings here do. */
import type { Delta, WireDraft } from './protocol.ts'

export interface Draft {
  readonly messageId: string
  readonly participantId: string
  readonly generation: number
  readonly text: string
}

export interface Drafts {
  /** The newest generation seen: what is older was fenced off and will never be finished. */
  readonly generation: number
  readonly byMessage: ReadonlyMap<string, Draft>
}

export const NO_DRAFTS: Drafts = { generation: 0, byMessage: new Map() }

/** `lost`: a piece is missing and only a snapshot can heal it. */
export interface Applied {
  readonly drafts: Drafts
  readonly lost: boolean
}

const keep = (drafts: Drafts): Applied => ({ drafts, lost: false })

function put(drafts: Drafts, draft: Draft): Drafts {
  return { ...drafts, byMessage: new Map(drafts.byMessage).set(draft.messageId, draft) }
}

/** Forgets the drafts of generations before this one. */
export function advance(drafts: Drafts, generation: number): Drafts {
  if (generation <= drafts.generation) return drafts
  return {
    generation,
    byMessage: new Map([...drafts.byMessage].filter(([, draft]) => draft.generation >= generation)),
  }
}

export function applyDelta(before: Drafts, delta: Delta): Applied {
  if (delta.generation < before.generation) return keep(before)
  const drafts = advance(before, delta.generation)
  const draft = drafts.byMessage.get(delta.message_id)
  const length = draft?.text.length ?? 0
  if (delta.offset > length) return { drafts, lost: true }
  const addition = delta.text.slice(length - delta.offset)
  if (draft && addition === '') return keep(drafts)
  return keep(
    put(drafts, {
      messageId: delta.message_id,
      participantId: delta.participant_id,
      generation: delta.generation,
      text: (draft?.text ?? '') + addition,
    }),
  )
}

export function withdraw(drafts: Drafts, messageId: string): Drafts {
  if (!drafts.byMessage.has(messageId)) return drafts
  const byMessage = new Map(drafts.byMessage)
  byMessage.delete(messageId)
  return { ...drafts, byMessage }
}

/** A snapshot knows the only draft there is; whatever we held beside it is out of date. */
export function fromSnapshot(drafts: Drafts, generation: number, draft: WireDraft | null): Drafts {
  const newest = Math.max(drafts.generation, generation)
  const none: Drafts = { generation: newest, byMessage: new Map() }
  if (draft === null || draft.generation < newest) return none
  return put(none, {
    messageId: draft.message_id,
    participantId: draft.participant_id,
    generation: draft.generation,
    text: draft.text,
  })
}
