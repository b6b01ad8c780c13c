/** Draws blocks of Markdown as React elements, one memoised element for each block that can no longer change. */
import type { Token, Tokens } from 'marked'
import { memo } from 'react'
import { Code } from './Code.tsx'
import { Inline } from './Inline.tsx'
import './Blocks.css'

const FENCE = /^ {0,3}(?:`{3,}|~{3,})/

interface BlockProps {
  readonly token: Token
  readonly closed: boolean
}

function Item({ item, closed }: { readonly item: Tokens.ListItem; readonly closed: boolean }) {
  return (
    <li {...(item.task && { className: 'blocks-task' })}>
      {item.task && <input type="checkbox" checked={item.checked === true} disabled aria-label={item.text} />}
      {item.tokens
        .filter(({ type }) => type !== 'space' && type !== 'checkbox')
        .map((token, index) =>
          // A tight item's text is a line, not a paragraph.
          token.type === 'text' ? (
            <Inline key={`${index}text`} tokens={(token as Tokens.Text).tokens ?? [token]} set={closed} />
          ) : (
            <Block key={`${index}${token.type}`} token={token} closed={closed} />
          ),
        )}
    </li>
  )
}

function List({ list, closed }: { readonly list: Tokens.List; readonly closed: boolean }) {
  const items = list.items.map((item, index) => <Item key={`${index}item`} item={item} closed={closed} />)
  if (!list.ordered) return <ul>{items}</ul>
  return <ol {...(typeof list.start === 'number' && list.start !== 1 && { start: list.start })}>{items}</ol>
}

function Table({ table, closed }: { readonly table: Tokens.Table; readonly closed: boolean }) {
  const cells = (row: readonly Tokens.TableCell[], Cell: 'th' | 'td') =>
    row.map(({ tokens, align }, index) => (
      <Cell
        key={`${index}cell`}
        {...(align && { 'data-align': align })}
        {...(Cell === 'th' && { scope: 'col' })}
      >
        <Inline tokens={tokens} set={closed} />
      </Cell>
    ))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <div className="blocks-table" tabIndex={0}>
      <table>
        <thead>
          <tr>{cells(table.header, 'th')}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={`${index}row`}>{cells(row, 'td')}</tr>
          ))}
        </tbody>
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
        return (
          <blockquote>
            <BlockList tokens={token.tokens ?? []} closed={closed} />
          </blockquote>
        )
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
  (before, after) => before.closed === after.closed && before.token.raw === after.token.raw && before.closed,
)

export function BlockList({
  tokens,
  closed,
}: {
  readonly tokens: readonly Token[]
  readonly closed: boolean
}) {
  // A block has no identity but its place: what is before it never changes.
  return tokens.map((token, index) => <Block key={`${index}${token.type}`} token={token} closed={closed} />)
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
      {[...closed, ...open].map((token, index) => (
        <Block key={`${index}${token.type}`} token={token} closed={index < closed.length} />
      ))}
    </div>
  )
}
