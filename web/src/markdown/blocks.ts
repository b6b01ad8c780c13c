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

/** The same words in memory of their own: a part of a string keeps the whole of it alive, and tokens are such parts. */
function apart(text: string): string {
  return ` ${text}`.slice(1)
}

/** The blocks at the beginning of `rest` that nothing can change any more, and how far they reach. */
function close(rest: string): { tokens: Token[]; end: number } {
  // Half a line may still become anything.
  const tokens = lex(rest.slice(0, rest.lastIndexOf('\n') + 1)) ?? []
  const last = tokens.findLastIndex(visible)
  let at = 0
  let done = 0
  let end = 0
  for (const [index, token] of tokens.slice(0, Math.max(last, 0)).entries()) {
    if (!rest.startsWith(token.raw, at)) break // the lexer rewrote this part: its lengths cannot be trusted
    at += token.raw.length
    if (ENDS_BLANK.test(rest.slice(Math.max(0, at - 80), at))) {
      done = index + 1
      end = at
    }
  }
  return { tokens: tokens.slice(0, done).filter(visible), end }
}

/** The blocks after `addition` was said; it takes the addition alone, so that a step costs the same at any length. */
export function grow(before: Blocks, addition: string): Blocks {
  if (addition === '') return before
  const source = before.source + addition
  let rest = apart(before.rest + addition)
  let { closed } = before
  if (addition.includes('\n')) {
    const { tokens, end } = close(rest)
    rest = rest.slice(end)
    if (tokens.length > 0) closed = [...closed, ...tokens]
  }
  const open = lex(remend(rest, { linkMode: 'text-only' })) ?? asText(rest)
  return { source, rest, closed, open: open.filter(visible) }
}
