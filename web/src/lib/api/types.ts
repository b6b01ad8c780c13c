/** The server's resources by their own names. */
import type { components } from './schema.d.ts'

type Schemas = components['schemas']

export type Conversation = Schemas['Conversation']
export type ConversationPage = Schemas['ConversationPage']
export type ConversationStatus = Conversation['status']
export type CreateConversation = Schemas['CreateConversation']
export type EnvelopePage = Schemas['EventPage']
export type Message = Schemas['Message']
export type MessagePage = Schemas['MessagePage']
export type Pace = Schemas['Pace']
export type Participant = Schemas['Participant']
export type PatchConversation = Schemas['PatchConversation']
export type Persona = Schemas['Persona']
export type PostMessage = Schemas['PostMessage']
export type Provider = Schemas['Provider']
export type Starter = Schemas['Starter']
