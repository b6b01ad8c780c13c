/** Dialogs in the middle and sheets from the edge; the code that draws them is fetched while nobody waits. */
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { whenIdle } from '#lib/whenIdle.ts'
import { en } from '#messages/en.ts'
import { Button } from './Button.tsx'

const load = () => import('./DialogFrame.tsx')
const DialogFrame = lazy(load)

export interface DialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  readonly description?: string
  readonly children?: ReactNode
  readonly className?: string
  /** `sheet` comes from the right on wide screens and from below on a phone. */
  readonly shape?: 'middle' | 'sheet'
}

export function Dialog(props: DialogProps) {
  const [wanted, setWanted] = useState(props.open)
  if (props.open && !wanted) setWanted(true)
  useEffect(() => whenIdle(load), [])
  if (!wanted) return null
  return (
    <Suspense>
      <DialogFrame {...props} />
    </Suspense>
  )
}

/** A sheet is a dialog from the edge. */
export function Sheet(props: Omit<DialogProps, 'shape'>) {
  return <Dialog {...props} shape="sheet" />
}

export interface ConfirmProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  readonly description: string
  readonly confirm: string
  readonly onConfirm: () => void
}

/** Asks before something that cannot be taken back. */
export function Confirm({ open, onOpenChange, title, description, confirm, onConfirm }: ConfirmProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} description={description}>
      <div className="dialog-actions">
        <Button onClick={() => onOpenChange(false)}>{en.common.cancel}</Button>
        <Button
          variant="danger"
          onClick={() => {
            onOpenChange(false)
            onConfirm()
          }}
        >
          {confirm}
        </Button>
      </div>
    </Dialog>
  )
}
