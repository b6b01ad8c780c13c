/** Other words for a persona, tried on viewers: written, approved, judged, made its next version. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Evidence, Persona, Variant } from '#lib/api/types.ts'
import { variants as say } from '#messages/variants.ts'
import { Button } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Interval } from '#ui/Interval.tsx'
import { notify } from '#ui/toast.ts'
import { VariantForm } from './VariantForm.tsx'
import { useAdopt, useApprove, useRetire, variantsQuery } from './variants.ts'
import './Variants.css'

export interface VariantsProps {
  /** The persona as it is saved; none can be tried of what is not. */
  readonly persona: Persona | undefined
  readonly onAdopted: (persona: Persona) => void
}

export function Variants({ persona, onAdopted }: VariantsProps) {
  const { data, error, refetch, isPending } = useQuery({
    ...variantsQuery(persona?.id ?? ''),
    enabled: persona !== undefined,
  })
  const [writing, setWriting] = useState(false)
  if (!persona) return <p className="studio-empty">{say.unsaved}</p>
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />
  return (
    <div className="variants" aria-busy={isPending}>
      <p className="field-hint">{say.about}</p>
      {data && (
        <>
          <p role="status">{data.trying ? say.trying : say.notTrying}</p>
          <ul className="variants-list" aria-label={say.title}>
            <li className="variant">
              <div className="variant-head">
                <h2>{say.card}</h2>
              </div>
              <Figures evidence={data.card} name={say.card} />
            </li>
            {data.items.map((each) => (
              <OneVariant key={each.id} persona={persona} variant={each} onAdopted={onAdopted} />
            ))}
          </ul>
        </>
      )}
      {writing ? (
        <VariantForm persona={persona} onDone={() => setWriting(false)} />
      ) : (
        <Button onClick={() => setWriting(true)}>{say.write}</Button>
      )}
    </div>
  )
}

interface OneVariantProps {
  readonly persona: Persona
  readonly variant: Variant
  readonly onAdopted: (persona: Persona) => void
}

function OneVariant({ persona, variant, onAdopted }: OneVariantProps) {
  const { id, label, changes, approved, evidence } = variant
  const approve = useApprove(persona.id)
  const retire = useRetire(persona.id)
  const adopt = useAdopt(persona.id, (next) => {
    void notify({ text: say.adopted(label) })
    onAdopted(next)
  })
  const [asking, setAsking] = useState(false)
  const failed = approve.error ?? retire.error ?? adopt.error
  return (
    <li className="variant">
      <div className="variant-head">
        <h2>{label}</h2>
        <span className="t-caption">{approved ? say.approved : say.draft}</span>
      </div>
      <dl className="variant-words">
        {Object.entries(changes).map(([field, words]) => (
          <div key={field}>
            <dt className="t-caption">{say.fields[field as keyof typeof changes]}</dt>
            <dd>{Array.isArray(words) ? words.join('\n') : words}</dd>
          </div>
        ))}
      </dl>
      {approved && <Figures evidence={evidence} name={label} />}
      {failed && <ErrorNote error={failed} />}
      <div className="variant-foot">
        <Button size="small" variant="plain" busy={retire.isPending} onClick={() => retire.mutate(id)}>
          {say.retire}
        </Button>
        {approved ? (
          <Button size="small" busy={adopt.isPending} onClick={() => setAsking(true)}>
            {say.adopt}
          </Button>
        ) : (
          <Button size="small" busy={approve.isPending} onClick={() => approve.mutate(id)}>
            {say.approve}
          </Button>
        )}
      </div>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={say.adoptTitle(label)}
        description={say.adoptAbout}
        confirm={say.adopt}
        onConfirm={() => adopt.mutate(id)}
      />
    </li>
  )
}

function Figures({ evidence, name }: { readonly evidence: Evidence; readonly name: string }) {
  const { assignments, good, bad, rate, low, high } = evidence
  return (
    <div className="variant-figures">
      <Interval label={say.interval(name, rate, low, high)} value={rate ?? undefined} low={low} high={high} />
      <p className="t-time">{say.figures(rate, assignments, good, bad)}</p>
    </div>
  )
}
