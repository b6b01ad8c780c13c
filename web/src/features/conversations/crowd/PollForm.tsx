/** Asks the stalls something: a question, two to six answers, how long, and whether it sets the topic. */
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import { stalls } from '#messages/stalls.ts'
import { Button, IconButton } from '#ui/Button.tsx'
import { TextField } from '#ui/Field.tsx'
import { useOpenPoll } from '../api/stalls.ts'

const MOST = 6
const DURATIONS = [30, 60, 180, 600] as const

/** The answers while they are written; each keeps its own key. */
interface Written {
  readonly key: number
  readonly text: string
}

const EMPTY: readonly Written[] = [
  { key: 0, text: '' },
  { key: 1, text: '' },
]

export function PollForm({ conversationId }: { readonly conversationId: string }) {
  const [question, setQuestion] = useState('')
  const [options, setOptions] = useState(EMPTY)
  const [seconds, setSeconds] = useState<number>(60)
  const [decides, setDecides] = useState(false)
  const { mutate, reset, isPending, error } = useOpenPoll(conversationId)
  const given = options.map(({ text }) => text.trim()).filter((text) => text !== '')
  const ready = question.trim() !== '' && given.length >= 2
  const write = (key: number, text: string) =>
    setOptions(options.map((each) => (each.key === key ? { key, text } : each)))
  const send = (event: React.FormEvent) => {
    event.preventDefault()
    if (!ready) return
    mutate(
      { question, options: given, seconds, decides: decides ? 'topic' : null },
      {
        onSuccess: () => {
          setQuestion('')
          setOptions(EMPTY)
        },
      },
    )
  }
  return (
    <form className="poll-form" onSubmit={send} onChange={() => error && reset()}>
      <TextField
        label={stalls.question}
        value={question}
        maxLength={200}
        onChange={(event) => setQuestion(event.target.value)}
      />
      {options.map(({ key, text }, index) => (
        <div key={key} className="poll-option">
          <TextField
            label={stalls.option(index + 1)}
            value={text}
            maxLength={120}
            onChange={(event) => write(key, event.target.value)}
          />
          {options.length > 2 && (
            <IconButton
              label={stalls.removeOption(index + 1)}
              onClick={() => setOptions(options.filter((each) => each.key !== key))}
            >
              <X size={16} aria-hidden="true" />
            </IconButton>
          )}
        </div>
      ))}
      {options.length < MOST && (
        <Button
          size="small"
          variant="plain"
          onClick={() => setOptions([...options, { key: (options.at(-1)?.key ?? 0) + 1, text: '' }])}
        >
          <Plus size={15} aria-hidden="true" /> {stalls.addOption}
        </Button>
      )}
      <fieldset className="poll-seconds">
        <legend className="t-caption">{stalls.seconds}</legend>
        {DURATIONS.map((each) => (
          <button key={each} type="button" aria-pressed={each === seconds} onClick={() => setSeconds(each)}>
            {stalls.duration(each)}
          </button>
        ))}
      </fieldset>
      <label className="poll-decides">
        <input type="checkbox" checked={decides} onChange={(event) => setDecides(event.target.checked)} />
        {stalls.decides}
      </label>
      {error && (
        <p className="field-error" role="alert">
          {asProblem(error).message}
        </p>
      )}
      <Button type="submit" size="small" variant="primary" busy={isPending} disabled={!ready}>
        {stalls.open}
      </Button>
    </form>
  )
}
