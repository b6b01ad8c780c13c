/** How menus and popovers are drawn once they have been asked for. */
import clsx from 'clsx'
import { DropdownMenu, Popover as Radix } from 'radix-ui'
import type { MenuProps, PopoverProps } from './Menu.tsx'
import './Menu.css'

export function MenuFrame({ trigger, label, items, side = 'bottom' }: MenuProps) {
  return (
    <DropdownMenu.Root defaultOpen>
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

export function PopoverFrame({ trigger, label, children, side = 'bottom', align = 'start' }: PopoverProps) {
  return (
    <Radix.Root defaultOpen>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className="menu popover"
          aria-label={label}
          side={side}
          align={align}
          sideOffset={8}
          collisionPadding={12}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
