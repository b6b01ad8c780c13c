/** What is done to conversations; the log tells every screen the outcome, lists are asked anew. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, unwrap } from '#lib/api/client.ts'
import { CONVERSATIONS, conversationKey } from '#lib/api/keys.ts'
import type { Conversation, CreateConversation, PatchConversation, PostMessage } from '#lib/api/types.ts'

export type Control = 'start' | 'pause' | 'resume' | 'stop' | 'clear' | 'skip'

/** Keeps what an answer taught us and lets the lists ask again. */
function useRemember() {
  const client = useQueryClient()
  return (conversation: Conversation) => {
    client.setQueryData(conversationKey(conversation.id), conversation)
    void client.invalidateQueries({
      queryKey: CONVERSATIONS,
      predicate: ({ queryKey }) => queryKey[1] !== 'one',
    })
  }
}

export function useCreateConversation() {
  const remember = useRemember()
  return useMutation({
    mutationFn: (body: CreateConversation) => unwrap(api.POST('/api/v1/conversations', { body })),
    onSuccess: remember,
  })
}

/** Start, pause, resume, stop, clear or skip: `useControl(id).mutate('pause')`. */
export function useControl(id: string) {
  const remember = useRemember()
  return useMutation({
    mutationFn: (control: Control) =>
      unwrap(
        api.POST(`/api/v1/conversations/{conversation_id}/${control}`, {
          params: { path: { conversation_id: id } },
        }),
      ),
    onSuccess: ({ conversation }) => remember(conversation),
  })
}

/** Has another model play a seat from now on. */
export function useRecast(id: string, participantId: string) {
  const remember = useRemember()
  return useMutation({
    mutationFn: (body: { readonly provider: string; readonly model?: string }) =>
      unwrap(
        api.PATCH('/api/v1/conversations/{conversation_id}/participants/{participant_id}', {
          params: { path: { conversation_id: id, participant_id: participantId } },
          body,
        }),
      ),
    onSuccess: ({ conversation }) => remember(conversation),
  })
}

/** Changes title, visibility or pace. */
export function usePatchConversation(id: string) {
  const remember = useRemember()
  return useMutation({
    mutationFn: (body: PatchConversation) =>
      unwrap(
        api.PATCH('/api/v1/conversations/{conversation_id}', {
          params: { path: { conversation_id: id } },
          body,
        }),
      ),
    onSuccess: remember,
  })
}

export interface Reaction {
  readonly messageId: string
  readonly emoji: string
  readonly on: boolean
}

/** Gives an emoji to a message, or takes it back; the log tells every screen. */
export function useReact(id: string) {
  return useMutation({
    mutationFn: ({ messageId, emoji, on }: Reaction) => {
      const path = '/api/v1/conversations/{conversation_id}/messages/{message_id}/reactions/{emoji}'
      const params = { path: { conversation_id: id, message_id: messageId, emoji } }
      return unwrap(on ? api.PUT(path, { params }) : api.DELETE(path, { params }))
    },
  })
}

/** A viewer speaks. */
export function usePostMessage(id: string) {
  return useMutation({
    mutationFn: (body: PostMessage) =>
      unwrap(
        api.POST('/api/v1/conversations/{conversation_id}/messages', {
          params: { path: { conversation_id: id } },
          body,
        }),
      ),
  })
}
