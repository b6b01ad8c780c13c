/** A block of code; its colours come when the block is closed and its language known. */
import { type ReactNode, useEffect, useState } from 'react'
import { inPlace } from './inPlace.ts'

export interface CodeProps {
  readonly text: string
  readonly language: string
  /** Whether the fence is closed: colouring half a program would flicker. */
  readonly closed: boolean
}

interface TreeNode {
  readonly type: string
  readonly value?: string
  readonly properties?: { readonly className?: unknown }
  readonly children?: readonly TreeNode[]
}

/** What kind of word wears which gel; the rest stays ink. */
const GELS: Readonly<Record<string, string>> = {
  'hljs-keyword': 'orchid',
  'hljs-literal': 'orchid',
  'hljs-built_in': 'lagoon',
  'hljs-type': 'lagoon',
  'hljs-title': 'steel',
  'hljs-attr': 'steel',
  'hljs-string': 'verdigris',
  'hljs-regexp': 'verdigris',
  'hljs-number': 'amber',
  'hljs-symbol': 'amber',
  'hljs-comment': 'none',
}

function word({ value, properties, children = [] }: TreeNode): ReactNode {
  const names = Array.isArray(properties?.className) ? properties.className.map(String) : []
  const gel = names.map((name) => GELS[name]).find(Boolean)
  const inner = value ?? inPlace(children.map(word))
  if (!gel) return inner
  return (
    <span className={gel === 'none' ? 'code-comment' : 'code-word'} data-gel={gel}>
      {inner}
    </span>
  )
}

export function Code({ text, language, closed }: CodeProps) {
  const [tree, setTree] = useState<{ readonly text: string; readonly nodes: readonly TreeNode[] } | null>(
    null,
  )

  useEffect(() => {
    if (!closed || language === '') return
    let wanted = true
    import('./colours.ts').then(
      ({ colour }) => wanted && setTree({ text, nodes: colour(language, text) }),
      // Without the colours the code is still code.
      () => undefined,
    )
    return () => {
      wanted = false
    }
  }, [text, language, closed])

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a block that scrolls must be reachable by keyboard
    <pre className="code" tabIndex={0}>
      <code>{tree?.text === text ? inPlace(tree.nodes.map(word)) : text}</code>
    </pre>
  )
}
