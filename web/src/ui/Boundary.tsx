/** Keeps what fails in one part of the page from taking the rest of it along. */
import { Component, type ReactNode } from 'react'
import { ErrorNote } from './ErrorNote.tsx'

interface BoundaryProps {
  readonly children: ReactNode
  /** Makes another beginning possible before it is tried again. */
  readonly onAgain?: () => void
}

interface BoundaryState {
  readonly failed: { readonly error: unknown } | null
}

/** A part that could not be fetched is never asked for again by this page: as Chromium, Firefox and Safari say it. */
const NOT_FETCHED = /dynamically imported module|module script failed/i

export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { failed: null }

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { failed: { error } }
  }

  #again = () => {
    if (NOT_FETCHED.test(String(this.state.failed?.error))) window.location.reload()
    else {
      this.props.onAgain?.()
      this.setState({ failed: null })
    }
  }

  override render() {
    const { failed } = this.state
    return failed ? <ErrorNote error={failed.error} onRetry={this.#again} /> : this.props.children
  }
}
