/** Draws what stands inside a line of Markdown as React elements; nothing in a message is ever taken for HTML. */
import type { Token, Tokens } from 'marked'
import type { ReactNode } from 'react'
import { decode } from './entities.ts'
import { Formula } from './Formula.tsx'
import { inPlace } from './inPlace.ts'
import { isOutside, safeAddress } from './links.ts'

interface FormulaToken {
  readonly type: 'formula'
  readonly raw: string
  readonly text: string
  readonly display: boolean
}

type InlineToken =
  | Tokens.Text
  | Tokens.Escape
  | Tokens.Strong
  | Tokens.Em
  | Tokens.Del
  | Tokens.Codespan
  | Tokens.Br
  | Tokens.Link
  | Tokens.Image
  | FormulaToken

function Anchor({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  const address = safeAddress(href)
  if (address === null) return children
  const outside = isOutside(address) ? { target: '_blank', rel: 'noopener noreferrer nofollow ugc' } : {}
  return (
    <a href={address} {...outside}>
      {children}
    </a>
  )
}

/** `set`: whether formulas are drawn; in a text still growing they stand as written. */
function one(token: InlineToken, set: boolean): ReactNode {
  switch (token.type) {
    case 'text':
      return token.tokens ? <Inline tokens={token.tokens} set={set} /> : decode(token.text)
    case 'escape':
      return token.text
    case 'strong':
      return (
        <strong>
          <Inline tokens={token.tokens} set={set} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inline tokens={token.tokens} set={set} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inline tokens={token.tokens} set={set} />
        </del>
      )
    case 'codespan':
      return <code>{token.text}</code>
    case 'br':
      return <br />
    case 'link':
      return (
        <Anchor href={token.href}>
          <Inline tokens={token.tokens} set={set} />
        </Anchor>
      )
    case 'image':
      // A picture would be fetched from elsewhere and tell who reads what: it becomes a link.
      return <Anchor href={token.href}>{decode(token.text) || token.href}</Anchor>
    case 'formula':
      return <Formula source={token.text} display={token.display} raw={token.raw} set={set} />
    default:
      // Raw HTML and whatever a later lexer may know: shown as it was written.
      return (token as Token).raw
  }
}

export interface InlineProps {
  readonly tokens: readonly Token[] | undefined
  readonly set: boolean
}

export function Inline({ tokens = [], set }: InlineProps) {
  return inPlace(tokens.map((token) => one(token as InlineToken, set)))
}
