/** The pictures a viewer is about to show: taken from files, shrunk here, kept until they are sent. */
import { useRef, useState } from 'react'
import type { Shrunk } from './shrink.ts'

export interface HeldUp extends Shrunk {
  readonly id: number
}

export function useHeldUp() {
  const [pictures, setPictures] = useState<readonly HeldUp[]>([])
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const count = useRef(0)

  const take = async (offered: readonly File[]) => {
    setBusy(true)
    try {
      const { prepare } = await import('./shrink.ts')
      const prepared = await prepare(offered, pictures.length)
      setProblem(prepared.problem)
      const named = prepared.pictures.map((each) => {
        count.current += 1
        return { ...each, id: count.current }
      })
      setPictures((before) => [...before, ...named])
    } finally {
      setBusy(false)
    }
  }
  return {
    pictures,
    busy,
    problem,
    take: (offered: Iterable<File>) => {
      if (!busy) void take([...offered])
    },
    drop: (id: number) => setPictures((before) => before.filter((each) => each.id !== id)),
    clear: () => {
      setPictures([])
      setProblem(null)
    },
  }
}
