/** A line across the top of the screen for what concerns all of it; spoken once when it appears. */
import type { ReactNode } from 'react'
import './Banner.css'

export interface BannerProps {
  readonly show: boolean
  readonly children: ReactNode
}

export function Banner({ show, children }: BannerProps) {
  // The region stays in the page so that screen readers notice what is put into it.
  return <div role="status">{show && <p className="banner">{children}</p>}</div>
}
