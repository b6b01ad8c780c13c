import { render, screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { Blocks } from './Blocks.tsx'
import { grow, whole } from './blocks.ts'
import { EMPTY, rough } from './tree.ts'

const show = (source: string) => render(<Blocks closed={whole(source)} />)

test('headings stand two levels lower than written', () => {
  show('# One\n\n## Two\n\n###### Six')
  expect(screen.getByRole('heading', { level: 3, name: 'One' })).toBeVisible()
  expect(screen.getByRole('heading', { level: 4, name: 'Two' })).toBeVisible()
  expect(screen.getByRole('heading', { level: 6, name: 'Six' })).toBeVisible()
})

test('HTML is shown as it was written and never becomes part of the page', () => {
  const { container } = show(
    'a <b onclick="x()">bold</b>\n\n<script>alert(1)</script>\n\n<img src=x onerror=y>',
  )
  expect(container.querySelector('b, script, img')).toBeNull()
  expect(container).toHaveTextContent('<script>alert(1)</script>')
  expect(container).toHaveTextContent('<b onclick="x()">bold</b>')
})

test('links out of the house carry no trust, links that are not followed are words', () => {
  show('[out](https://example.org) [in](/library) [bad](javascript:alert(1)) https://auto.example')
  expect(screen.getByRole('link', { name: 'out' })).toHaveAttribute('rel', 'noopener noreferrer nofollow ugc')
  expect(screen.getByRole('link', { name: 'in' })).not.toHaveAttribute('target')
  expect(screen.getByRole('link', { name: 'https://auto.example' })).toBeVisible()
  expect(screen.queryByRole('link', { name: 'bad' })).toBeNull()
  expect(screen.getByText(/bad/)).toBeVisible()
})

test('a picture is a link, so that nothing is fetched', () => {
  const { container } = show('![a cat](https://example.org/cat.png) ![](https://example.org/x.png)')
  expect(container.querySelector('img')).toBeNull()
  expect(screen.getByRole('link', { name: 'a cat' })).toHaveAttribute('href', 'https://example.org/cat.png')
  expect(screen.getByRole('link', { name: 'https://example.org/x.png' })).toBeVisible()
})

test('tables, lists, quotations and rules keep their meaning', () => {
  const { container } = show(
    '| a | b |\n|:-:|--:|\n| 1 | *2* |\n\n3. three\n4. four\n\n- [x] done\n- [ ] open\n\n- loose\n\n  second\n\n> said\n\n---\n\n~~gone~~ **so** `code`  \nbreak &amp; \\*star',
  )
  expect(screen.getByRole('columnheader', { name: 'b' })).toHaveAttribute('data-align', 'right')
  expect(screen.getByRole('cell', { name: '2' })).toBeVisible()
  expect(container.querySelector('ol')).toHaveAttribute('start', '3')
  expect(screen.getByRole('checkbox', { name: 'done' })).toBeChecked()
  expect(screen.getByRole('checkbox', { name: 'open' })).not.toBeChecked()
  expect(within(container.querySelector('blockquote') as HTMLElement).getByText('said')).toBeVisible()
  expect(screen.getByRole('separator')).toBeInTheDocument()
  expect(container).toHaveTextContent('break & *star')
  expect(container.querySelectorAll('del, strong, code, br')).toHaveLength(4)
})

test('code is coloured once its fence is closed, of an unknown language it stays plain', async () => {
  const { container } = show('```js\nconst a = "b" // c\n```\n\n```klingon\nqapla\n```\n\n    indented')
  expect(await screen.findByText('const')).toHaveAttribute('data-gel', 'orchid')
  expect(screen.getByText('// c')).toHaveClass('code-comment')
  expect(container).toHaveTextContent('qapla')
  expect(container.querySelectorAll('pre')).toHaveLength(3)
})

test('a formula is set when its block is closed and stands as written before', async () => {
  const { container, rerender } = render(<Blocks closed={[]} open={grow(EMPTY, 'so $x^2$ is').open} caret />)
  expect(screen.getByText('$x^2$')).toBeVisible()
  rerender(<Blocks closed={whole('so $x^2$ is')} />)
  await expect.poll(() => container.querySelector('math')).not.toBeNull()
})

test('when a message is finished its blocks stay the same elements', () => {
  const source = 'one\n\ntwo **bold**\n\n- three'
  const blocks = grow(EMPTY, source)
  const { container, rerender } = render(<Blocks closed={blocks.closed} open={blocks.open} caret />)
  const before = [...container.querySelectorAll('p, strong, li')]
  rerender(<Blocks closed={whole(source)} />)
  expect([...container.querySelectorAll('p, strong, li')]).toEqual(before)
})

test('a definition of a link takes no room', () => {
  show('[a]: https://example.org\n\nsee [a]')
  expect(screen.getByRole('link', { name: 'a' })).toBeVisible()
})

test('when the lexer comes, paragraphs stay in the page and wear their marks', () => {
  const source = 'It is *so*.\n\nPlain words.'
  const { container, rerender } = render(<Blocks closed={rough(source)} />)
  const before = [...container.querySelectorAll('p')]
  expect(before.map(({ textContent }) => textContent)).toEqual(['It is *so*.', 'Plain words.'])
  rerender(<Blocks closed={whole(source)} />)
  const after = [...container.querySelectorAll('p')]
  expect(after.map(({ textContent }) => textContent)).toEqual(['It is so.', 'Plain words.'])
  expect(after[0]).toBe(before[0])
  expect(after[1]).toBe(before[1])
  expect(screen.getByText('so').tagName).toBe('EM')
})
