/** Brings a persona in from a file: ours, or a character card as JSON or as a picture. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { personasQuery } from '#lib/api/personas.ts'
import { asProblem } from '#lib/api/problem.ts'
import { reasonsOf } from '#lib/api/reasons.ts'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { notify } from '#ui/toast.ts'
import { numbered } from '../model/numbered.ts'
import { useImport, useRename } from '../studio/api.ts'

export function Import() {
  const file = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  const client = useQueryClient()
  const { mutate, isPending } = useImport()
  const rename = useRename()
  const refused = (error: unknown) =>
    void notify({ text: reasonsOf(asProblem(error)).join(' '), tone: 'error' })
  /** Says that the name was taken before, and offers another. */
  const offer = (id: string, name: string, all: readonly string[]) => {
    const free = numbered(name, all)
    const run = () => rename.mutate({ id, name: free }, { onError: refused })
    void notify({ text: studio.nameTaken(name), action: { label: studio.callIt(free), run } })
  }
  const take = (chosen: File | undefined) => {
    if (!chosen) return
    mutate(chosen, {
      onSuccess: ({ persona, dropped }) => {
        const others = (client.getQueryData(personasQuery().queryKey) ?? []).filter(
          ({ id }) => id !== persona.id,
        )
        const names = others.map(({ name }) => name)
        if (names.includes(persona.name)) offer(persona.id, persona.name, names)
        void notify({ text: studio.imported(persona.name, dropped) })
        void navigate({ to: '/studio/$id', params: { id: persona.slug } })
      },
      onError: refused,
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
