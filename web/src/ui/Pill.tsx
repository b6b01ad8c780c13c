/** A small label with a dot: filled in limelight for what is live, outlined for the rest. */
import clsx from 'clsx'
import type { ReactNode } from 'react'
import './Pill.css'

export interface PillProps {
  readonly tone: 'live' | 'outline'
  readonly children: ReactNode
  readonly className?: string
}

export function Pill({ tone, children, className }: PillProps) {
  return (
    <span className={clsx('pill', `pill-${tone}`, className)}>
      <span className="pill-dot" aria-hidden="true" />
      {children}
    </span>
  )
}
