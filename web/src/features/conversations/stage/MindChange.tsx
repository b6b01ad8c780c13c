/** Asks which model is to play a seat from now on. */
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { providersQuery } from '#lib/api/providers.ts'
import type { Participant } from '#live/state.ts'
import { start } from '#messages/conversations.ts'
import type { useRecast } from '../api/mutations.ts'
import { AUTO, splitMind } from '../model/minds.ts'

const MindPicker = lazy(() => import('../components/MindPicker.tsx'))

export const SCRIPTED = 'scripted'

/** As the picker names it. */
const mindOf = ({ provider, model }: Participant) =>
  provider === SCRIPTED || provider === AUTO ? provider : `${provider} ${model}`

export interface MindChangeProps {
  readonly participant: Participant
  readonly recast: ReturnType<typeof useRecast>
  readonly onClose: () => void
}

export function MindChange({ participant, recast, onClose }: MindChangeProps) {
  const { data: providers = [] } = useQuery(providersQuery())
  const choose = (mind: string) => {
    onClose()
    const chosen = splitMind(mind)
    recast.mutate({ provider: chosen.provider, ...(chosen.model ? { model: chosen.model } : {}) })
  }
  return (
    <Suspense>
      <MindPicker
        title={start.mind(participant.name)}
        mind={mindOf(participant)}
        providers={providers}
        taken
        onChoose={choose}
        onClose={onClose}
      />
    </Suspense>
  )
}
