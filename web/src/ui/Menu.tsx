/** Menus and popovers that open from a button. */
import clsx from 'clsx'
import { DropdownMenu, Popover as RadixPopover } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'
import './Menu.css'

export interface MenuItem {
  readonly id: string
  readonly label: string
  readonly icon?: ReactNode
  readonly hint?: string
  readonly danger?: boolean
  readonly disabled?: boolean
  readonly onSelect: () => void
}

export interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactElement
  readonly label: string
  readonly items: readonly MenuItem[]
  readonly side?: 'top' | 'bottom'
}

export function Menu({ trigger, label, items, side = 'bottom' }: MenuProps) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className="menu"
          aria-label={label}
          side={side}
          align="end"
          sideOffset={8}
          collisionPadding={12}
        >
          {items.map(({ id, label: name, icon, hint, danger = false, disabled = false, onSelect }) => (
            <DropdownMenu.Item
              key={id}
              className={clsx('menu-item', danger && 'menu-danger')}
              disabled={disabled}
              onSelect={onSelect}
            >
              <span className="menu-icon" aria-hidden="true">
                {icon}
              </span>
              <span>{name}</span>
              {hint !== undefined && <span className="t-time">{hint}</span>}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

export interface PopoverProps {
  readonly trigger: ReactElement
  readonly label: string
  readonly children: ReactNode
  readonly side?: 'top' | 'bottom'
  readonly align?: 'start' | 'center' | 'end'
}

export function Popover({ trigger, label, children, side = 'bottom', align = 'start' }: PopoverProps) {
  return (
    <RadixPopover.Root>
      <RadixPopover.Trigger asChild>{trigger}</RadixPopover.Trigger>
      <RadixPopover.Portal>
        <RadixPopover.Content
          className="menu popover"
          aria-label={label}
          side={side}
          align={align}
          sideOffset={8}
          collisionPadding={12}
        >
          {children}
        </RadixPopover.Content>
      </RadixPopover.Portal>
    </RadixPopover.Root>
  )
}
