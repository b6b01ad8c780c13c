/** Every saved version, and in words what it changed. */
import { useQuery } from '@tanstack/react-query'
import type { PersonaCard, PersonaVersion } from '#lib/api/types.ts'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { versionsQuery } from './api.ts'
import { draftOf, LISTS, STATES, TEXTS } from './form.ts'
import { movesOf } from './moves.ts'
import { wordDiff } from './wordDiff.ts'
import './Versions.css'

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

export interface VersionsProps {
  readonly id: string | undefined
  readonly onRestore: (version: PersonaVersion) => void
}

export function Versions({ id, onRestore }: VersionsProps) {
  const { data, error, refetch } = useQuery({ ...versionsQuery(id ?? ''), enabled: id !== undefined })
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />
  if (!data?.length) return <p className="studio-empty">{studio.versionsNone}</p>
  return (
    <ol className="versions">
      {data.map((each, place) => {
        const before = data[place + 1]
        return (
          <li key={each.version} className="version">
            <div className="version-head">
              <h2>{studio.version(each.version)}</h2>
              <time className="t-time" dateTime={each.at}>
                {day.format(new Date(each.at))}
              </time>
              {place > 0 && (
                <Button size="small" variant="plain" onClick={() => onRestore(each)}>
                  {studio.restore}
                </Button>
              )}
            </div>
            {before ? (
              <Changes before={before.persona} after={each.persona} />
            ) : (
              <p className="field-hint">{studio.first}</p>
            )}
          </li>
        )
      })}
    </ol>
  )
}

function Changes({ before, after }: { readonly before: PersonaCard; readonly after: PersonaCard }) {
  const [earlier, later] = [draftOf(before), draftOf(after)]
  const worded = [...TEXTS, ...LISTS, ...STATES].flatMap((name) => {
    const [was, is] = [earlier[name], later[name]]
    return was === is ? [] : [{ name: studio.fields[name][0], pieces: wordDiff(was, is) }]
  })
  const moved = movesOf(before, after)
  return (
    <dl className="changes" aria-label={studio.since}>
      {worded.map(({ name, pieces }) => (
        <div key={name}>
          <dt className="t-caption">{name}</dt>
          <dd>
            {pieces.map(({ kind, text }, place) => {
              const key = `${place}`
              if (kind === 'gone') return <del key={key}>{text}</del>
              return kind === 'new' ? <ins key={key}>{text}</ins> : <span key={key}>{text}</span>
            })}
          </dd>
        </div>
      ))}
      {moved.length > 0 && (
        <div>
          <dt className="t-caption">{studio.besides}</dt>
          <dd>{moved.join(' · ')}</dd>
        </div>
      )}
    </dl>
  )
}
