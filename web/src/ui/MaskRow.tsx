/** The masks of a cast side by side, in their gels. */
import { gelOf } from '#design/gels.ts'
import { Mask } from './Mask.tsx'
import './MaskRow.css'

export interface MaskRowProps {
  readonly cast: readonly {
    readonly id: string
    readonly name: string
    readonly color: string
    readonly mask: string
  }[]
  readonly size?: number
}

export function MaskRow({ cast, size = 26 }: MaskRowProps) {
  return (
    <ul className="mask-row" aria-label={cast.map(({ name }) => name).join(', ')}>
      {cast.map(({ id, name, color, mask }) => (
        <li key={id} data-gel={gelOf(color)} title={name}>
          <Mask mask={mask} size={size} />
        </li>
      ))}
    </ul>
  )
}
