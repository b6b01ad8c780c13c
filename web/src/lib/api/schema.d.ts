/** The server's public shapes, in the form openapi-typescript writes them. */
interface Schemas {
  Pace: { mode: 'stream' | 'human' | 'instant'; speed: number }
  Participant: {
    id: string
    persona_id: string
    slug: string
    name: string
    color: string
    mask: string
    provider: string
    model: string
    muted: boolean
  }
  Cost: { amount: number; currency: string; estimated: boolean }
  Conversation: {
    id: string
    title: string
    topic: string
    status: 'created' | 'running' | 'paused' | 'ended'
    ended_because?: string | null
    paused_because?: string | null
    resume_at?: string | null
    head_seq: number
    created_at: string
    started_at?: string | null
    ended_at?: string | null
    pace: Schemas['Pace']
    visibility: 'private' | 'unlisted' | 'public'
    participants: Schemas['Participant'][]
    message_count: number
    cost: Schemas['Cost']
  }
  ConversationPage: { items: Schemas['Conversation'][]; next_cursor: string | null }
  Author: { kind: 'persona' | 'viewer' | 'host' | 'system'; name: string }
  Route: { provider: string; model: string; understudy_for?: string | null; why?: string | null }
  Message: {
    id: string
    seq: number
    conversation_id: string
    participant_id?: string | null
    author: Schemas['Author']
    text: string
    at: string
    route?: Schemas['Route'] | null
    ending?: string | null
    scripted: boolean
    reactions: { [emoji: string]: number }
  }
  MessagePage: { items: Schemas['Message'][]; next_cursor: string | null }
  Envelope: {
    conversation_id: string
    seq: number
    type: string
    version: number
    actor: { type: string; id: string | null }
    at: string
    visibility: string | string[]
    body: { [key: string]: unknown }
  }
  EnvelopePage: { items: Schemas['Envelope'][]; next_cursor: string | null }
  Seat: { persona: string; name?: string; provider?: string; model?: string; temperature?: number }
  CreateConversation: {
    topic: string
    title?: string
    cast?: Schemas['Seat'][]
    pace?: { mode: 'stream' | 'human' | 'instant'; speed?: number }
    max_turns?: number
    max_minutes?: number
    seed?: number
    visibility?: 'private' | 'unlisted' | 'public'
    language?: string
    start?: boolean
  }
  PatchConversation: { title?: string; visibility?: 'private' | 'unlisted' | 'public'; pace?: { mode: string; speed?: number } }
  PostMessage: { text: string; name?: string; to?: string }
  Controlled: { conversation: Schemas['Conversation']; seq: number }
  Posted: { message: Schemas['Message']; seq: number }
  Persona: {
    id: string
    slug: string
    name: string
    short: string
    aliases: string[]
    tagline: string
    about: string
    voice: string
    values: string[]
    habits: string[]
    expertise: string[]
    sample_lines: string[]
    color: string
    mask: string
    rhythm: 'slow' | 'quick' | 'even'
    language: string
    traits: { [name: string]: number }
    business: { [state: string]: string[] }
    relations: { [slug: string]: number }
  }
  PersonaPage: { items: Schemas['Persona'][]; next_cursor: string | null }
  Starter: { id: string; text: string; themes: string[] }
  StarterPage: { items: Schemas['Starter'][]; next_cursor: string | null }
  Provider: {
    name: string
    title: string
    state: 'ready' | 'down' | 'unknown'
    local: boolean
    found: boolean
    base_url?: string | null
    models: string[]
    detail?: string | null
  }
  ProviderPage: { items: Schemas['Provider'][]; next_cursor: string | null }
}

interface Answers<T, Code extends number = 200> {
  responses: { [code in Code]: { content: { 'application/json': T } } }
}
interface Reads<T, Query = never> extends Answers<T> {
  parameters: { query?: Query; path?: never }
}
interface ReadsOne<T, Path, Query = never> extends Answers<T> {
  parameters: { query?: Query; path: Path }
}
type Id = { conversation_id: string }
type Control = { post: { parameters: { path: Id } } & Answers<Schemas['Controlled']> }
interface Paging {
  limit?: number
  cursor?: string
}

export interface components {
  schemas: Schemas
}

export interface paths {
  '/api/v1/conversations': {
    get: Reads<Schemas['ConversationPage'], Paging & { status?: string; q?: string; sort?: string }>
    post: {
      parameters: Record<string, never>
      requestBody: { content: { 'application/json': Schemas['CreateConversation'] } }
    } & Answers<Schemas['Conversation'], 201>
  }
  '/api/v1/conversations/{conversation_id}': {
    get: ReadsOne<Schemas['Conversation'], Id>
    patch: {
      parameters: { path: Id }
      requestBody: { content: { 'application/json': Schemas['PatchConversation'] } }
    } & Answers<Schemas['Conversation']>
    delete: { parameters: { path: Id }; responses: { 204: { content?: never } } }
  }
  '/api/v1/conversations/{conversation_id}/start': Control
  '/api/v1/conversations/{conversation_id}/pause': Control
  '/api/v1/conversations/{conversation_id}/resume': Control
  '/api/v1/conversations/{conversation_id}/stop': Control
  '/api/v1/conversations/{conversation_id}/clear': Control
  '/api/v1/conversations/{conversation_id}/skip': Control
  '/api/v1/conversations/{conversation_id}/messages': {
    get: ReadsOne<Schemas['MessagePage'], Id, { limit?: number; after_seq?: number; before_seq?: number }>
    post: {
      parameters: { path: Id }
      requestBody: { content: { 'application/json': Schemas['PostMessage'] } }
    } & Answers<Schemas['Posted'], 201>
  }
  '/api/v1/conversations/{conversation_id}/events': {
    get: ReadsOne<Schemas['EnvelopePage'], Id, { after?: number; limit?: number }>
  }
  '/api/v1/personas': { get: Reads<Schemas['PersonaPage'], Paging & { q?: string }> }
  '/api/v1/personas/{persona_id}': { get: ReadsOne<Schemas['Persona'], { persona_id: string }> }
  '/api/v1/starters': { get: Reads<Schemas['StarterPage'], Paging & { topic?: string }> }
  '/api/v1/providers': { get: Reads<Schemas['ProviderPage']> }
}
