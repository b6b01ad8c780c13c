/** The library: every conversation kept here, found by words and by state. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { ConversationStatus } from '#lib/api/types.ts'
import { useLater } from '#lib/useLater.ts'
import { library, live } from '#messages/conversations.ts'
import { en } from '#messages/en.ts'
import { Button } from '#ui/Button.tsx'
import { EmptyState } from '#ui/EmptyState.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Page } from '#ui/Page.tsx'
import { SearchField } from '#ui/SearchField.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { libraryQuery } from '../api/queries.ts'
import { LibraryRow } from '../components/LibraryRow.tsx'
import './LibraryView.css'

const FILTERS = ['all', 'running', 'paused', 'ended'] as const
const TYPING_MS = 250

export interface LibraryViewProps {
  readonly q: string
  readonly status: ConversationStatus | undefined
  readonly onChange: (filter: { q: string; status: ConversationStatus | undefined }) => void
}

export function LibraryView({ q, status, onChange }: LibraryViewProps) {
  const [text, setText] = useSearchText(q, (words) => onChange({ q: words, status }))
  const {
    data,
    error,
    isPending,
    isPlaceholderData,
    hasNextPage,
    isFetchingNextPage,
    fetchNextPage,
    refetch,
  } = useInfiniteQuery(libraryQuery({ q, status }))
  const rows = data?.pages.flatMap(({ items }) => items) ?? []
  const filtered = q !== '' || status !== undefined
  return (
    <Page title={library.title}>
      <search className="library-bar">
        <SearchField label={library.search} value={text} onChange={setText} />
        <Segmented
          label={library.status}
          hideLabel
          value={status ?? 'all'}
          options={FILTERS.map((value) => ({ value, label: library.filters[value] }))}
          onChange={(value) => onChange({ q: text.trim(), status: value === 'all' ? undefined : value })}
        />
      </search>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <ul className="library-rows" aria-busy={isPending || isPlaceholderData} aria-label={library.title}>
        {rows.map((conversation) => (
          <LibraryRow key={conversation.id} conversation={conversation} />
        ))}
      </ul>
      {data && rows.length === 0 && (filtered ? <NoMatch onClear={() => clear()} /> : <NothingYet />)}
      {hasNextPage && (
        <Button className="library-more" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {en.common.more}
        </Button>
      )}
    </Page>
  )

  function clear() {
    onChange({ q: '', status: undefined })
  }
}

/** What is being typed: sent on after a pause, and replaced when the address changes by other means. */
function useSearchText(q: string, send: (words: string) => void) {
  const [text, setText] = useState(q)
  const [sent, setSent] = useState(q)
  const words = text.trim()
  const settled = useLater(words, TYPING_MS)
  if (q !== sent) {
    setSent(q)
    if (q !== words) setText(q)
  }
  useEffect(() => {
    if (settled === words && words !== q && q === sent) send(words)
  })
  return [text, setText] as const
}

function NoMatch({ onClear }: { readonly onClear: () => void }) {
  return (
    <EmptyState title={library.noMatch} actions={<Button onClick={onClear}>{library.clear}</Button>}>
      {library.noMatchAbout}
    </EmptyState>
  )
}

function NothingYet() {
  return (
    <EmptyState
      title={library.empty}
      actions={
        <Link className="button button-primary button-medium" to="/new">
          {live.start}
        </Link>
      }
    >
      {library.emptyAbout}
    </EmptyState>
  )
}
