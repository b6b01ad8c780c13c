/** The prompt that the form makes, as it is typed. */
import type { UseQueryResult } from '@tanstack/react-query'
import { asProblem } from '#lib/api/problem.ts'
import type { PersonaPreview } from '#lib/api/types.ts'
import { studio } from '#messages/studio.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { TextField } from '#ui/Field.tsx'

export interface PreviewProps {
  readonly found: UseQueryResult<PersonaPreview>
  readonly topic: string
  readonly named: boolean
  readonly onTopic: (topic: string) => void
}

export function Preview({
  found: { data, error, isFetching, refetch },
  topic,
  named,
  onTopic,
}: PreviewProps) {
  // What is wrong with a field stands at the field.
  const broken = error && asProblem(error).errors.length === 0
  return (
    <div className="studio-preview" aria-busy={isFetching}>
      <p className="field-hint">{studio.previewAbout}</p>
      <TextField
        label={studio.previewTopic}
        value={topic}
        maxLength={500}
        autoComplete="off"
        onChange={(event) => onTopic(event.target.value)}
      />
      {broken && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!named && <p className="studio-empty">{studio.previewWaits}</p>}
      {data && named && (
        <>
          <p className="t-time">{studio.tokens(data.tokens)}</p>
          {data.cut.length > 0 && <p className="studio-warning">{studio.cut(fieldNames(data.cut))}</p>}
          <h2 className="t-caption">{studio.system}</h2>
          <Prompt label={studio.system} text={data.system} />
          <h2 className="t-caption">{studio.moment}</h2>
          <Prompt label={studio.moment} text={data.moment} />
        </>
      )}
    </div>
  )
}

function Prompt({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section className="studio-prompt" aria-label={label} tabIndex={0}>
      {text}
    </section>
  )
}

const fieldNames = (names: readonly string[]) =>
  names.map((name) => studio.fields[name as keyof typeof studio.fields]?.[0] ?? name)
