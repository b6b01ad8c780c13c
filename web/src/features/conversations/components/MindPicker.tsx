/** Every mind a seat can play on: found by a few letters, with its price and what it can do. */
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { Check } from 'lucide-react'
import { modelsQuery } from '#lib/api/providers.ts'
import type { Provider } from '#lib/api/types.ts'
import { start } from '#messages/conversations.ts'
import { sayMoney } from '#messages/money.ts'
import { Badges } from '#ui/Badges.tsx'
import { Dialog } from '#ui/Dialog.tsx'
import { AUTO, type Mind, mindGroups, openMinds } from '../model/minds.ts'
import { HeldNote } from './HeldNote.tsx'
import './MindPicker.css'

export interface MindPickerProps {
  readonly title: string
  readonly mind: string
  readonly providers: readonly Provider[]
  /** A seat that is taken has its mind already: the house is not asked to choose. */
  readonly taken?: boolean
  readonly onChoose: (mind: string) => void
  readonly onClose: () => void
}

const aboutOf = (value: string) =>
  value === '' ? start.houseChoiceAbout : value === AUTO ? start.autoAbout : start.scriptedAbout

function priceOf({ price, model }: Mind): string {
  if (price === 0) return start.freeHere
  if (price !== null) return `≈ ${sayMoney(price)}`
  return model ? start.priceUnknown : ''
}

export default function MindPicker({
  title,
  mind,
  providers,
  taken = false,
  onChoose,
  onClose,
}: MindPickerProps) {
  const asked = providers.filter(({ scripted, state }) => !scripted && state !== 'down')
  const lists = useQueries({ queries: asked.map(({ name }) => modelsQuery(name)) })
  const groups = mindGroups(
    providers,
    (name) => lists[asked.findIndex((provider) => provider.name === name)]?.data,
  )
  const open = openMinds(providers).filter(({ value }) => !taken || value !== '')
  const row = (each: Mind, about: string, keywords: string[]) => (
    <Command.Item
      key={each.value}
      value={each.value || 'house'}
      keywords={keywords}
      className="mind-choice"
      data-chosen={each.value === mind || undefined}
      onSelect={() => onChoose(each.value)}
    >
      <Check aria-hidden="true" />
      <span className={each.model ? 'mind-choice-model' : undefined}>{each.label}</span>
      <span className="mind-choice-about">{each.model ? <Badges model={each.model} /> : about}</span>
      <span className="t-time">{priceOf(each)}</span>
    </Command.Item>
  )
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={title}
      description={start.mindAbout}
      className="mind-picker"
    >
      <HeldNote providers={providers} />
      <Command label={title} loop defaultValue={mind || 'house'}>
        <Command.Input className="field-input" placeholder={start.mindSearch} />
        <Command.List className="mind-list">
          <Command.Empty className="mind-empty t-direction">{start.mindNone}</Command.Empty>
          <Command.Group heading={<span className="t-caption">{start.mindOpen}</span>}>
            {open.map((each) => row(each, aboutOf(each.value), [each.label]))}
          </Command.Group>
          {groups.map(({ provider, title: name, local, minds }) => (
            <Command.Group
              key={provider}
              heading={<span className="t-caption">{local ? `${name} · ${start.local}` : name}</span>}
            >
              {minds.map((each) => row(each, '', [name]))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
      <Link className="mind-more" to="/admin/providers">
        {start.mindMore}
      </Link>
    </Dialog>
  )
}
