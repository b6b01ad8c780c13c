/** A labelled field with room for a hint and an error, tied together for screen readers. */
import clsx from 'clsx'
import { type ComponentProps, type ReactNode, type Ref, useId } from 'react'
import './Field.css'

interface FieldFrame {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
  /** Keeps the label for screen readers only, where the place says enough. */
  readonly hideLabel?: boolean
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
    <Frame label={label} hint={hint} error={error} hideLabel={hideLabel}>
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
    <Frame label={label} hint={hint} error={error} hideLabel={hideLabel}>
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
