/** A place with nothing in it: what it is for, and the one thing to do. */
import type { ReactNode } from 'react'
import { gelOf } from '#design/gels.ts'
import { Mask } from './Mask.tsx'
import './EmptyState.css'

const TRIO = [
  { mask: 'philosopher', color: 'steel' },
  { mask: 'comedian', color: 'amber' },
  { mask: 'scientist', color: 'verdigris' },
] as const

export interface EmptyStateProps {
  readonly title: string
  readonly children?: ReactNode
  /** Buttons. */
  readonly actions?: ReactNode
  /** `1` where the state is the whole page. */
  readonly level?: 1 | 2
}

export function EmptyState({ title, children, actions, level = 2 }: EmptyStateProps) {
  const Heading = level === 1 ? 'h1' : 'h2'
  return (
    <section className="empty">
      <div className="empty-masks" aria-hidden="true">
        {TRIO.map(({ mask, color }) => (
          <span key={mask} data-gel={gelOf(color)}>
            <Mask mask={mask} size={44} />
          </span>
        ))}
      </div>
      <Heading className="empty-title">{title}</Heading>
      {children !== undefined && <div className="empty-text">{children}</div>}
      {actions !== undefined && <div className="empty-actions">{actions}</div>}
    </section>
  )
}
