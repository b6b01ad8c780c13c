/** How resources are kept and asked for again. */
import { QueryClient } from '@tanstack/react-query'
import { conversationKey, RUNNING } from '#lib/api/keys.ts'
import { asProblem } from '#lib/api/problem.ts'
import type { Boot } from '#lib/boot.ts'

/** A client that already knows what the page brought. */
export function makeQueryClient({ conversation, running }: Boot = {}): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'offlineFirst',
        staleTime: 5_000,
        // A refusal will not change by asking again; a broken line may.
        retry: (failures, error) =>
          failures < 2 && (asProblem(error).offline || asProblem(error).status >= 500),
      },
      mutations: { networkMode: 'always' },
    },
  })
  if (conversation) client.setQueryData(conversationKey(conversation.id), conversation)
  if (running) client.setQueryData(RUNNING, [...running])
  return client
}
