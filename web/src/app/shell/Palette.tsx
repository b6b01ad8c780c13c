/** The palette: every action, conversation and persona by a few letters of its name. */
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { useState } from 'react'
import { spell } from '#actions/keys.ts'
import { type Action, useAllActions } from '#actions/registry.ts'
import { paletteQuery } from '#features/conversations/api/queries.ts'
import { personasQuery } from '#lib/api/personas.ts'
import { isMac } from '#lib/platform.ts'
import { en } from '#messages/en.ts'
import './Palette.css'

export interface PaletteProps {
  readonly onOpenChange: (open: boolean) => void
  readonly onRun: (action: Action) => void
}

export default function Palette({ onOpenChange, onRun }: PaletteProps) {
  const router = useRouter()
  const [text, setText] = useState('')
  const actions = useAllActions().filter(({ id, when }) => id !== 'view.palette' && (when?.() ?? true))
  const { data: conversations = [] } = useQuery(paletteQuery(text.trim()))
  const { data: personas = [] } = useQuery(personasQuery())
  const go = (run: () => Promise<void>) => {
    onOpenChange(false)
    void run()
  }
  return (
    <Command.Dialog
      open
      onOpenChange={onOpenChange}
      label={en.palette.label}
      overlayClassName="dialog-scrim"
      contentClassName="palette"
      loop
    >
      <Command.Input
        className="palette-input"
        placeholder={en.palette.hint}
        value={text}
        onValueChange={setText}
      />
      <Command.List className="palette-list">
        <Command.Empty className="palette-empty">{en.palette.nothing}</Command.Empty>
        <Command.Group heading={en.palette.actions}>
          {actions.map((action) => (
            <Command.Item
              key={action.id}
              value={`${action.label} ${action.id}`}
              onSelect={() => onRun(action)}
            >
              <span>{action.label}</span>
              {action.keys?.[0] !== undefined && (
                <kbd className="t-time">{spell(action.keys[0], isMac())}</kbd>
              )}
            </Command.Item>
          ))}
        </Command.Group>
        {conversations.length > 0 && (
          <Command.Group heading={en.palette.conversations}>
            {conversations.map(({ id, title, topic, status }) => (
              <Command.Item
                key={id}
                value={`${title} ${topic} ${id}`}
                onSelect={() => go(() => router.navigate({ to: '/c/$id', params: { id } }))}
              >
                <span className="palette-title">{title || topic}</span>
                <span className="t-time">{en.status[status]}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading={en.palette.personas}>
          {personas.map(({ slug, name, tagline }) => (
            <Command.Item
              key={slug}
              value={`${name} ${tagline}`}
              onSelect={() => go(() => router.navigate({ to: '/casting/$slug', params: { slug } }))}
            >
              <span>{name}</span>
              <span className="palette-about">{tagline}</span>
            </Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  )
}
