/** The pictures that will be shown with the next line, each with a way to put it down again. */
import { X } from 'lucide-react'
import { pictures as words } from '#messages/pictures.ts'
import type { HeldUp } from './useHeldUp.ts'
import './Pictures.css'

export interface HeldUpRowProps {
  readonly pictures: readonly HeldUp[]
  readonly busy: boolean
  readonly onDrop: (id: number) => void
}

export default function HeldUpRow({ pictures, busy, onDrop }: HeldUpRowProps) {
  return (
    <ul className="held-up" aria-label={words.held} aria-busy={busy}>
      {pictures.map(({ id, url, width, height }, index) => (
        <li key={id}>
          <img src={url} width={width} height={height} alt={words.number(index + 1)} />
          <button
            type="button"
            aria-label={words.drop(index + 1)}
            title={words.drop(index + 1)}
            onClick={() => onDrop(id)}
          >
            <X aria-hidden="true" />
          </button>
        </li>
      ))}
      {busy && <li className="held-up-busy t-small">{words.busy}</li>}
    </ul>
  )
}
