/** An opening to begin with, set like a line of the script. */
import type { ComponentProps } from 'react'
import './Opening.css'

export function Opening(props: ComponentProps<'button'>) {
  return <button type="button" className="opening" {...props} />
}
