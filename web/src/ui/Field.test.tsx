import { render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { Problem } from '#lib/api/problem.ts'
import { ErrorNote } from './ErrorNote.tsx'
import { TextArea } from './Field.tsx'

const field = (length: number) => (
  <TextArea label="Note" value={'x'.repeat(length)} maxLength={100} onChange={() => undefined} />
)

test('near its end a field says how much room is left', () => {
  const { rerender } = render(field(89))
  expect(screen.queryByRole('status')).toBeNull()
  rerender(field(90))
  expect(screen.getByRole('status')).toHaveTextContent('10 left')
  rerender(field(100))
  expect(screen.getByRole('status')).toHaveTextContent('Nothing more fits')
})

const problem = (status: number, path?: string) =>
  new Problem({
    status,
    code: 'x',
    detail: 'No.',
    request_id: 'req_1',
    ...(path !== undefined && { errors: [{ path, message: 'No.' }] }),
  })

test.each([
  [problem(422, 'cast.1.max_turns'), '“Max turns” cannot be taken as it is.', false],
  [problem(422, 'cast.1'), '“Cast” cannot be taken as it is.', false],
  [problem(422), 'That cannot be taken as it is.', false],
  [problem(409), 'That cannot be done.', false],
  [problem(500), 'Something fell in the wings.', true],
])('a problem is titled by whose it is; an id is told for our own alone: %#', (error, title, id) => {
  render(<ErrorNote error={error} />)
  expect(screen.getByText(title)).toBeVisible()
  expect(screen.queryAllByText('Request req_1')).toHaveLength(id ? 1 : 0)
})
