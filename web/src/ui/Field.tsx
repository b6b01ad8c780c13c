/** A labelled field with room for a hint and an error, tied together for screen readers. */
import clsx from 'clsx'
import { type ComponentProps, type ReactNode, type Ref, useId } from 'react'
import { left as sayLeft } from '#messages/field.ts'
import './Field.css'

interface FieldFrame {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
  /** Keeps the label for screen readers only, where the place says enough. */
  readonly hideLabel?: boolean
  /** How many characters there is still room for, near the end of it. */
  readonly left?: number | undefined
}

/** From here on it is said how much room is left: a tenth of it, and never more than eighty. */
const leftToSay = (most: number) => Math.min(80, Math.ceil(most / 10))

function leftOf({
  value,
  maxLength,
}: {
  readonly value?: unknown
  readonly maxLength?: number | undefined
}): number | undefined {
  if (typeof value !== 'string' || maxLength === undefined) return undefined
  const left = maxLength - value.length
  return left <= leftToSay(maxLength) ? left : undefined
}

interface Ties {
  readonly id: string
  readonly 'aria-describedby'?: string
  readonly 'aria-invalid'?: true
}

function Frame({
  label,
  hint,
  error,
  hideLabel,
  left,
  children,
}: FieldFrame & { children: (ties: Ties) => ReactNode }) {
  const id = useId()
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
    .filter(Boolean)
    .join(' ')
  return (
    <div className="field">
      <label className={hideLabel ? 'visually-hidden' : 'field-label t-caption'} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        ...(described ? { 'aria-describedby': described } : {}),
        ...(error === undefined ? {} : { 'aria-invalid': true as const }),
      })}
      {left !== undefined && (
        <span className="field-left t-time" role="status">
          {sayLeft(left)}
        </span>
      )}
      {error !== undefined && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

export function TextField({
  label,
  hint,
  error,
  hideLabel = false,
  className,
  ref,
  ...rest
}: FieldFrame & ComponentProps<'input'> & { ref?: Ref<HTMLInputElement> }) {
  return (
    <Frame label={label} hint={hint} error={error} hideLabel={hideLabel} left={leftOf(rest)}>
      {(ties) => <input ref={ref} className={clsx('field-input', className)} {...ties} {...rest} />}
    </Frame>
  )
}

export function TextArea({
  label,
  hint,
  error,
  hideLabel = false,
  className,
  ref,
  ...rest
}: FieldFrame & ComponentProps<'textarea'> & { ref?: Ref<HTMLTextAreaElement> }) {
  return (
    <Frame label={label} hint={hint} error={error} hideLabel={hideLabel} left={leftOf(rest)}>
      {(ties) => (
        <textarea ref={ref} className={clsx('field-input', 'field-area', className)} {...ties} {...rest} />
      )}
    </Frame>
  )
}

/** The browser's own list: it works with every keyboard, reader and phone. */
export function Choice({
  label,
  hint,
  error,
  hideLabel = false,
  className,
  ...rest
}: FieldFrame & ComponentProps<'select'>) {
  return (
    <Frame label={label} hint={hint} error={error} hideLabel={hideLabel}>
      {(ties) => <select className={clsx('field-input', 'field-choice', className)} {...ties} {...rest} />}
    </Frame>
  )
}
