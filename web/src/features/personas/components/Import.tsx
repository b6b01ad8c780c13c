/** Brings a persona in from a file: ours, or a character card as JSON or as a picture. */
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { asProblem } from '#lib/api/problem.ts'
import { reasonsOf } from '#lib/api/reasons.ts'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { notify } from '#ui/toast.ts'
import { useImport } from '../studio/api.ts'

export function Import() {
  const file = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  const { mutate, isPending } = useImport()
  const take = (chosen: File | undefined) => {
    if (!chosen) return
    mutate(chosen, {
      onSuccess: ({ persona, dropped }) => {
        void notify({ text: studio.imported(persona.name, dropped) })
        void navigate({ to: '/studio/$id', params: { id: persona.slug } })
      },
      onError: (error) => void notify({ text: reasonsOf(asProblem(error)).join(' '), tone: 'error' }),
    })
  }
  return (
    <>
      <Button busy={isPending} onClick={() => file.current?.click()}>
        {studio.import}
      </Button>
      <input
        ref={file}
        type="file"
        className="visually-hidden"
        accept="image/png,application/json,.png,.json"
        aria-label={studio.importFile}
        tabIndex={-1}
        onChange={(event) => {
          take(event.target.files?.[0])
          // The same file may be chosen again after it was refused.
          event.target.value = ''
        }}
      />
    </>
  )
}
