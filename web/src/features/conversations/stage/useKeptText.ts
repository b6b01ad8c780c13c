/** A text field's words, kept in this tab until they are sent, also across a reload. */
import { useEffect, useState } from 'react'

function kept(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? ''
  } catch {
    // Storage may be forbidden: then the words live as long as the page.
    return ''
  }
}

function keep(key: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  } catch {
    // As above.
  }
}

export function useKeptText(key: string): readonly [string, (text: string) => void] {
  const [text, setText] = useState(() => kept(key))
  useEffect(() => keep(key, text), [key, text])
  return [text, setText]
}
