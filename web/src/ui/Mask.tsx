/** A persona's mask, drawn in the gel of whatever it stands in. */
import clsx from 'clsx'
import { MASK_HEIGHT, MASK_WIDTH, SHIELD, shapesOf } from '#design/mask.ts'
import './Mask.css'

export interface MaskProps {
  /** A seed or a list of parts, as the server says. */
  readonly mask: string
  readonly size?: number
  /** Said to screen readers; without it the mask is decoration. */
  readonly label?: string
  readonly className?: string
}

export function Mask({ mask, size = MASK_WIDTH, label, className }: MaskProps) {
  return (
    <svg
      className={clsx('mask', className)}
      viewBox={`0 0 ${MASK_WIDTH} ${MASK_HEIGHT}`}
      width={size}
      height={Math.round((size * MASK_HEIGHT) / MASK_WIDTH)}
      role="img"
      aria-label={label}
      aria-hidden={label === undefined ? true : undefined}
    >
      <path className="mask-shield" d={SHIELD} />
      {shapesOf(mask).map(({ d, filled }) => (
        <path key={d} className={filled ? 'mask-fill' : 'mask-line'} d={d} />
      ))}
    </svg>
  )
}
