/** What they shall talk about: a field, and openings by theme for those who want to be tempted. */
import { useQuery } from '@tanstack/react-query'
import { Dices, RefreshCw } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { start } from '#messages/conversations.ts'
import { Button } from '#ui/Button.tsx'
import { TextArea } from '#ui/Field.tsx'
import { startersQuery } from '../api/queries.ts'
import { handful, mixed, suggestion, themesOf } from '../model/starters.ts'
import { lengthOf, TOPIC_MAX } from '../model/startForm.ts'
import { Opening } from './Opening.tsx'
import './TopicPicker.css'

const SHOWN = 4
/** Below this many characters left, the rest is counted aloud. */
const NEAR_THE_END = 80

export interface TopicPickerProps {
  readonly topic: string
  readonly error: string | undefined
  readonly onChange: (topic: string) => void
}

export function TopicPicker({ topic, error, onChange }: TopicPickerProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const { data: starters = [], isError } = useQuery(startersQuery())
  const left = TOPIC_MAX - lengthOf(topic)
  const take = (text: string) => {
    onChange(text)
    field.current?.focus()
  }
  return (
    <section className="start-section topic-picker" aria-label={start.topic}>
      <TextArea
        ref={field}
        label={start.topic}
        rows={2}
        className="topic-field"
        placeholder={start.topicPlaceholder}
        value={topic}
        error={left < 0 ? start.topicLong(-left) : error}
        hint={left >= 0 && left < NEAR_THE_END ? start.topicLeft(left) : start.topicHint}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          // A topic is one paragraph: Enter starts, as in any form of one line.
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault()
            event.currentTarget.form?.requestSubmit()
          }
        }}
      />
      {isError && <p className="field-hint">{start.startersFailed}</p>}
      {starters.length > 0 && <Openings starters={starters} topic={topic} onTake={take} />}
    </section>
  )
}

function Openings({
  starters,
  topic,
  onTake,
}: {
  readonly starters: readonly { id: string; text: string; themes: string[] }[]
  readonly topic: string
  readonly onTake: (text: string) => void
}) {
  const [theme, setTheme] = useState<string | null>(null)
  const [page, setPage] = useState(0)
  const all = useMemo(() => mixed(starters), [starters])
  const themes = useMemo(() => themesOf(starters), [starters])
  const suggest = () => {
    const pick = suggestion(all, topic, Math.random())
    if (pick) onTake(pick.text)
  }
  return (
    <div className="openings">
      <div className="start-section-head">
        <h2 className="t-caption">{start.starters}</h2>
        <div className="openings-actions">
          <Button variant="plain" size="small" onClick={suggest}>
            <Dices aria-hidden="true" />
            {start.suggest}
          </Button>
          <Button variant="plain" size="small" onClick={() => setPage((before) => before + 1)}>
            <RefreshCw aria-hidden="true" />
            {start.other}
          </Button>
        </div>
      </div>
      <fieldset className="themes" aria-label={start.theme}>
        {[null, ...themes].map((name) => (
          <button
            key={name ?? ''}
            type="button"
            className="theme"
            aria-pressed={theme === name}
            onClick={() => {
              setTheme(name)
              setPage(0)
            }}
          >
            {name ?? start.allThemes}
          </button>
        ))}
      </fieldset>
      <ul className="openings-list">
        {handful(all, theme, page, SHOWN).map(({ id, text }) => (
          <li key={id}>
            <Opening onClick={() => onTake(text)}>{text}</Opening>
          </li>
        ))}
      </ul>
    </div>
  )
}
