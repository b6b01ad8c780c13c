/** A screen that scrolls as one: its heading, what can be done there, its content. */
import clsx from 'clsx'
import type { ReactNode } from 'react'
import { useTitle } from '#lib/useTitle.ts'
import './Page.css'

export interface PageProps {
  readonly title: string
  readonly caption?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}

export function Page({ title, caption, actions, children, className }: PageProps) {
  useTitle(title)
  return (
    <main id="main" className="page" tabIndex={-1}>
      <div className={clsx('page-column', className)}>
        <header className="page-head">
          <div>
            {caption !== undefined && <p className="t-caption">{caption}</p>}
            <h1 className="t-title">{title}</h1>
          </div>
          {actions !== undefined && <div className="page-actions">{actions}</div>}
        </header>
        {children}
      </div>
    </main>
  )
}
