/** How a person steers those on stage; the log tells every screen the outcome. */
import { useMutation } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'

/** Lets somebody speak next: `useInvite(id).mutate(participantId)`. */
export function useInvite(id: string) {
  return useMutation({
    mutationFn: (participantId: string) =>
      unwrap(
        api.POST('/api/v1/conversations/{conversation_id}/invite', {
          params: { path: { conversation_id: id } },
          body: { participant_id: participantId },
        }),
      ),
  })
}

/** Asks somebody to be silent, or lets them speak again: `useMute(id, participantId).mutate(true)`. */
export function useMute(id: string, participantId: string) {
  return useMutation({
    mutationFn: (muted: boolean) =>
      unwrap(
        api.PATCH('/api/v1/conversations/{conversation_id}/participants/{participant_id}', {
          params: { path: { conversation_id: id, participant_id: participantId } },
          body: { muted },
        }),
      ),
  })
}

export interface NoteGiven {
  readonly note: string
  /** Nobody is everybody. */
  readonly participantId: string | undefined
}

/** Gives one of the cast, or all, a director's note. */
export function useGiveNote(id: string) {
  return useMutation({
    mutationFn: ({ note, participantId }: NoteGiven) =>
      unwrap(
        api.POST('/api/v1/conversations/{conversation_id}/direct', {
          params: { path: { conversation_id: id } },
          body: { note, ...(participantId !== undefined && { participant_id: participantId }) },
        }),
      ),
  })
}
