/** Menus and popovers that open from a button; the code that draws them is fetched while nobody waits. */
import {
  type ComponentProps,
  cloneElement,
  lazy,
  type ReactElement,
  type ReactNode,
  Suspense,
  useEffect,
  useState,
} from 'react'
import { whenIdle } from '#lib/whenIdle.ts'

const load = () => import('./MenuFrame.tsx')
const MenuFrame = lazy(async () => ({ default: (await load()).MenuFrame }))
const PopoverFrame = lazy(async () => ({ default: (await load()).PopoverFrame }))

type Trigger = ReactElement<ComponentProps<'button'>>

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
  readonly trigger: Trigger
  readonly label: string
  readonly items: readonly MenuItem[]
  readonly side?: 'top' | 'bottom'
}

export interface PopoverProps {
  readonly trigger: Trigger
  readonly label: string
  readonly children: ReactNode
  readonly side?: 'top' | 'bottom'
  readonly align?: 'start' | 'center' | 'end'
}

/** The button as it is until it has been pressed once; from then on Radix has it. */
function useFirstPress(trigger: Trigger, kind: 'menu' | 'dialog') {
  const [pressed, setPressed] = useState(false)
  useEffect(() => whenIdle(load), [])
  const closed = cloneElement(trigger, {
    'aria-haspopup': kind,
    'aria-expanded': false,
    onClick: () => setPressed(true),
  })
  return { pressed, closed }
}

export function Menu(props: MenuProps) {
  const { pressed, closed } = useFirstPress(props.trigger, 'menu')
  if (!pressed) return closed
  return (
    <Suspense fallback={closed}>
      <MenuFrame {...props} />
    </Suspense>
  )
}

export function Popover(props: PopoverProps) {
  const { pressed, closed } = useFirstPress(props.trigger, 'dialog')
  if (!pressed) return closed
  return (
    <Suspense fallback={closed}>
      <PopoverFrame {...props} />
    </Suspense>
  )
}
