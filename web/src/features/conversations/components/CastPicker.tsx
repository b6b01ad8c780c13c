/** Who is on stage: the company as masks to take, the taken ones with the mind each plays on. */
import type { UseQueryResult } from '@tanstack/react-query'
import clsx from 'clsx'
import { X } from 'lucide-react'
import { gelOf } from '#design/gels.ts'
import type { Persona, Provider } from '#lib/api/types.ts'
import { start } from '#messages/conversations.ts'
import { IconButton } from '#ui/Button.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Mask } from '#ui/Mask.tsx'
import { CAST_MAX, chooseMind, type SeatChoice, seated, toggleSeat } from '../model/startForm.ts'
import { AlikeNote } from './AlikeNote.tsx'
import { SeatMind } from './SeatMind.tsx'
import './CastPicker.css'

export interface CastPickerProps {
  readonly personas: UseQueryResult<Persona[]>
  readonly providers: readonly Provider[]
  readonly seats: readonly SeatChoice[]
  readonly error: string | undefined
  readonly onChange: (seats: readonly SeatChoice[]) => void
}

export function CastPicker({ personas, providers, seats, error, onChange }: CastPickerProps) {
  const company = personas.data ?? []
  const full = seats.length >= CAST_MAX
  return (
    <section className="start-section" aria-labelledby="cast-title">
      <div className="start-section-head">
        <h2 className="t-caption" id="cast-title">
          {start.cast}
        </h2>
        <p className={error === undefined ? 'field-hint' : 'field-error'} role="status">
          {error ?? (full ? start.castFull : start.castAbout(seats.length))}
        </p>
      </div>
      {personas.error && <ErrorNote error={personas.error} onRetry={() => void personas.refetch()} />}
      <ul className={clsx('company', personas.isPending && 'company-pending')} aria-label={start.company}>
        {company.map(({ slug, name, short, color, mask, tagline }) => {
          const taken = seats.some((seat) => seat.slug === slug)
          return (
            <li key={slug} data-gel={gelOf(color)}>
              <button
                type="button"
                className="company-mask"
                aria-pressed={taken}
                aria-label={start.add(name)}
                title={tagline}
                disabled={full && !taken}
                data-invalid={error !== undefined && !taken ? true : undefined}
                onClick={() => onChange(toggleSeat(seats, slug))}
              >
                <Mask mask={mask} size={44} />
                <span>{short}</span>
              </button>
            </li>
          )
        })}
      </ul>
      <ul className="seats" aria-label={start.onStage}>
        {seated(seats, company).map(({ seat, persona }) => (
          <li key={seat.slug} className="seat" data-gel={gelOf(persona.color)}>
            <Mask mask={persona.mask} size={28} />
            <span className="seat-name">
              <b>{persona.name}</b>
              <span>{persona.tagline}</span>
            </span>
            <SeatMind
              name={persona.name}
              mind={seat.mind}
              providers={providers}
              onChange={(mind) => onChange(chooseMind(seats, seat.slug, mind))}
            />
            <IconButton
              label={start.remove(persona.name)}
              onClick={() => onChange(toggleSeat(seats, seat.slug))}
            >
              <X aria-hidden="true" />
            </IconButton>
          </li>
        ))}
      </ul>
      <AlikeNote cast={seated(seats, company).map(({ persona }) => persona)} />
    </section>
  )
}
