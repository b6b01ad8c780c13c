/** Draws blocks of Markdown as React elements, one memoised element for each block that can no longer change. */
import type { Token, Tokens } from 'marked'
import { memo, type ReactNode } from 'react'
import { Code } from './Code.tsx'
import { Inline } from './Inline.tsx'
import { inPlace } from './inPlace.ts'
import './Blocks.css'

const FENCE = /^ {0,3}(?:`{3,}|~{3,})/

interface BlockProps {
  readonly token: Token
  readonly closed: boolean
}

/** A tight item's text is a line, not a paragraph. */
function inItem(token: Token, closed: boolean): ReactNode {
  if (token.type !== 'text') return block(token, closed)
  return <Inline tokens={(token as Tokens.Text).tokens ?? [token]} set={closed} />
}

function item(entry: Tokens.ListItem, closed: boolean): ReactNode {
  const inner = entry.tokens.filter(({ type }) => type !== 'space' && type !== 'checkbox')
  return (
    <li {...(entry.task && { className: 'blocks-task' })}>
      {entry.task && (
        <input type="checkbox" checked={entry.checked === true} disabled aria-label={entry.text} />
      )}
      {inPlace(inner.map((token) => inItem(token, closed)))}
    </li>
  )
}

function List({ list, closed }: { readonly list: Tokens.List; readonly closed: boolean }) {
  const items = inPlace(list.items.map((entry) => item(entry, closed)))
  if (!list.ordered) return <ul>{items}</ul>
  return <ol {...(typeof list.start === 'number' && list.start !== 1 && { start: list.start })}>{items}</ol>
}

function cell({ tokens, align, header }: Tokens.TableCell, closed: boolean): ReactNode {
  const inner = <Inline tokens={tokens} set={closed} />
  const side = align ? { 'data-align': align } : {}
  return header ? (
    <th scope="col" {...side}>
      {inner}
    </th>
  ) : (
    <td {...side}>{inner}</td>
  )
}

function row(cells: readonly Tokens.TableCell[], closed: boolean): ReactNode {
  return <tr>{inPlace(cells.map((each) => cell(each, closed)))}</tr>
}

function Table({ table, closed }: { readonly table: Tokens.Table; readonly closed: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <div className="blocks-table" tabIndex={0}>
      <table>
        <thead>{row(table.header, closed)}</thead>
        <tbody>{inPlace(table.rows.map((cells) => row(cells, closed)))}</tbody>
      </table>
    </div>
  )
}

function Heading({ heading, closed }: { readonly heading: Tokens.Heading; readonly closed: boolean }) {
  // The page has its own first and second headings.
  const Level = `h${Math.min(heading.depth + 2, 6)}` as 'h3' | 'h4' | 'h5' | 'h6'
  return (
    <Level dir="auto">
      <Inline tokens={heading.tokens} set={closed} />
    </Level>
  )
}

const Block = memo(
  function Block({ token, closed }: BlockProps) {
    switch (token.type) {
      case 'paragraph':
      case 'text':
        return (
          <p dir="auto">
            <Inline tokens={token.tokens ?? [token]} set={closed} />
          </p>
        )
      case 'heading':
        return <Heading heading={token as Tokens.Heading} closed={closed} />
      case 'list':
        return <List list={token as Tokens.List} closed={closed} />
      case 'blockquote':
        return <blockquote>{inPlace((token.tokens ?? []).map((each) => block(each, closed)))}</blockquote>
      case 'code': {
        const { text, lang = '', raw } = token as Tokens.Code
        const fenced = FENCE.test(raw)
        return <Code text={text} language={fenced ? (lang.match(/\S+/)?.[0] ?? '') : ''} closed={closed} />
      }
      case 'table':
        return <Table table={token as Tokens.Table} closed={closed} />
      case 'hr':
        return <hr />
      case 'def':
      case 'space':
        return null
      default:
        return <p dir="auto">{token.raw}</p>
    }
  },
  (before, after) =>
    before.closed &&
    after.closed &&
    before.token.raw === after.token.raw &&
    // The same words, read roughly and then by the lexer.
    before.token.type === after.token.type,
)

function block(token: Token, closed: boolean): ReactNode {
  return <Block token={token} closed={closed} />
}

export interface BlocksProps {
  readonly closed: readonly Token[]
  readonly open?: readonly Token[]
  /** Draws the caret behind the last word. */
  readonly caret?: boolean
}

export function Blocks({ closed, open = [], caret = false }: BlocksProps) {
  return (
    <div className={caret ? 'blocks blocks-caret' : 'blocks'}>
      {inPlace([...closed.map((token) => block(token, true)), ...open.map((token) => block(token, false))])}
    </div>
  )
}
