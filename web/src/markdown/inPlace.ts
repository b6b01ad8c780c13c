/** Children that have no identity but their place among their siblings: what stands before them never changes. */
import { createElement, Fragment, type ReactNode } from 'react'

export function inPlace(children: readonly ReactNode[]): ReactNode {
  return createElement(Fragment, null, ...children)
}
