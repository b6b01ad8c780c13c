/** The server's resources by their own names. */
import type { components } from './schema.d.ts'

type Schemas = components['schemas']

export type Checked = Schemas['Checked']
export type Conversation = Schemas['Conversation']
export type ConversationPage = Schemas['ConversationPage']
export type ConversationStatus = Conversation['status']
export type CreateConversation = Schemas['CreateConversation']
export type EnvelopePage = Schemas['EventPage']
export type HouseSwitches = Schemas['HouseSwitches']
export type Message = Schemas['Message']
export type MessagePage = Schemas['MessagePage']
export type Model = Schemas['Model']
export type Pace = Schemas['Pace']
export type Participant = Schemas['Participant']
export type PatchConversation = Schemas['PatchConversation']
export type PatchHouse = Schemas['PatchHouse']
export type PatchProvider = Schemas['PatchProvider']
export type Persona = Schemas['Persona']
export type PostMessage = Schemas['PostMessage']
export type Provider = Schemas['Provider']
export interface Pull {
  model: string
  status: string
  completed?: number | null
  total?: number | null
  error?: string | null
}
export type PutCredential = Schemas['PutCredential']
export type RecordedCall = Schemas['RecordedCall']
export type Spending = Schemas['Spending']
export type Starter = Schemas['Starter']
