/** Buttons: one for what is meant (`primary`), quiet ones for the rest, icon ones with a spoken name. */
import clsx from 'clsx'
import type { ComponentProps, ReactNode } from 'react'
import './Button.css'

export interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: 'primary' | 'quiet' | 'plain' | 'danger'
  readonly size?: 'small' | 'medium'
  /** Set while what the button started is under way; it keeps its size and cannot be pressed again. */
  readonly busy?: boolean
}

export function Button({
  variant = 'quiet',
  size = 'medium',
  busy = false,
  className,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      className={clsx('button', `button-${variant}`, `button-${size}`, className)}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      {...rest}
    />
  )
}

export interface IconButtonProps extends ComponentProps<'button'> {
  readonly label: string
  readonly children: ReactNode
}

/** A square button with an icon; its name is spoken and shown as a tip. */
export function IconButton({ label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      className={clsx('icon-button', className)}
      aria-label={label}
      title={label}
      {...rest}
    />
  )
}
