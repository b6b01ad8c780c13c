/** How a dialog is drawn: Radix keeps the focus inside and gives it back. */
import clsx from 'clsx'
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { en } from '#messages/en.ts'
import { IconButton } from './Button.tsx'
import type { DialogProps } from './Dialog.tsx'
import './Dialog.css'

export default function DialogFrame({
  open,
  onOpenChange,
  title,
  description,
  children,
  className,
  shape = 'middle',
}: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="dialog-scrim" />
        <Radix.Content
          className={clsx('dialog', `dialog-${shape}`, className)}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <div className="dialog-head">
            <Radix.Title className="dialog-title">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={en.common.close}>
                <X aria-hidden="true" />
              </IconButton>
            </Radix.Close>
          </div>
          {description !== undefined && (
            <Radix.Description className="dialog-about">{description}</Radix.Description>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
