/** Turns growing Markdown into blocks: closed ones never change again, the open rest is lexed anew at each step. */
import { Marked, type Token, type TokenizerExtension } from 'marked'
import remend from 'remend'
import type { Blocks } from './tree.ts'

/** A formula between dollar signs; sums of money are none: no space inside the signs, no digit behind them. */
const FORMULA = /^(\$\$(?=\S)([^$]*?\S)\$\$|\$(?=[^\s$])([^$\n]*?[^\s\\])\$(?![\d$]))/

const formula: TokenizerExtension = {
  name: 'formula',
  level: 'inline',
  start: (source) => {
    const at = source.indexOf('$')
    return at < 0 ? undefined : at
  },
  tokenizer(source) {
    const found = FORMULA.exec(source)
    if (!found) return undefined
    const [raw, , display, inline] = found
    return { type: 'formula', raw, text: display ?? inline, display: display !== undefined }
  },
}

const marked = new Marked({ gfm: true, extensions: [formula] })
const visible = (token: Token) => token.type !== 'space'
const ENDS_BLANK = /\n[ \t]*\n$/

/** The lexer; null for the few inputs on which it throws. */
function lex(source: string): Token[] | null {
  try {
    return marked.lexer(source)
  } catch {
    return null
  }
}

function asText(raw: string): Token[] {
  return [{ type: 'paragraph', raw, text: raw, tokens: [{ type: 'text', raw, text: raw }] } as Token]
}

/** The tree of a finished text. */
export function whole(source: string): readonly Token[] {
  return (lex(source) ?? asText(source)).filter(visible)
}

/** The blocks of `source` between `offset` and the end of its last complete line that nothing can change any more. */
function close(source: string, offset: number, end: number): { tokens: Token[]; offset: number } {
  const tokens = lex(source.slice(offset, end)) ?? []
  const last = tokens.findLastIndex(visible)
  let at = offset
  let done = 0
  let closedTo = offset
  for (const [index, token] of tokens.slice(0, Math.max(last, 0)).entries()) {
    if (!source.startsWith(token.raw, at)) break // the lexer rewrote this part: its lengths cannot be trusted
    at += token.raw.length
    if (ENDS_BLANK.test(source.slice(Math.max(0, at - 80), at))) {
      done = index + 1
      closedTo = at
    }
  }
  return { tokens: tokens.slice(0, done).filter(visible), offset: closedTo }
}

/** The blocks after `addition` was said; it takes the addition alone, so that a step costs the same at any length. */
export function grow(before: Blocks, addition: string): Blocks {
  if (addition === '') return before
  const source = before.source + addition
  let { offset, closed } = before
  if (addition.includes('\n')) {
    const more = close(source, offset, source.lastIndexOf('\n') + 1)
    offset = more.offset
    if (more.tokens.length > 0) closed = [...closed, ...more.tokens]
  }
  const rest = source.slice(offset)
  const open = lex(remend(rest, { linkMode: 'text-only' })) ?? asText(rest)
  return { source, offset, closed, open: open.filter(visible) }
}
