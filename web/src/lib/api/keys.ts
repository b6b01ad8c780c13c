/** Under which keys resources are kept that more than one place must name. */

/** Every conversation list begins with this key, so that one invalidation reaches them all. */
export const CONVERSATIONS = ['conversations'] as const
export const RUNNING = [...CONVERSATIONS, 'running'] as const
export const conversationKey = (id: string) => [...CONVERSATIONS, 'one', id] as const
