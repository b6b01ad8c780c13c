/** The pictures a viewer is about to show: taken from files, shrunk here, kept until they are sent. */
import { useRef, useState } from 'react'
import { pictures as words } from '#messages/pictures.ts'
import { taken } from '../model/pictures.ts'
import type { Shrunk } from './shrink.ts'

export interface HeldUp extends Shrunk {
  readonly id: number
}

export function useHeldUp() {
  const [pictures, setPictures] = useState<readonly HeldUp[]>([])
  const [busy, setBusy] = useState(0)
  const [problem, setProblem] = useState<string | null>(null)
  const count = useRef(0)

  const take = async (offered: readonly File[]) => {
    const { files, left } = taken(offered, pictures.length + busy)
    setProblem(left === null ? null : words.left[left])
    if (files.length === 0) return
    setBusy((before) => before + files.length)
    const { shrink } = await import('./shrink.ts')
    for (const file of files) {
      const shrunk = await shrink(file)
      setBusy((before) => before - 1)
      if (!shrunk) setProblem(words.left.unread)
      else {
        count.current += 1
        const id = count.current
        setPictures((before) => [...before, { ...shrunk, id }])
      }
    }
  }
  return {
    pictures,
    busy: busy > 0,
    problem,
    take: (offered: Iterable<File>) => void take([...offered]),
    drop: (id: number) => setPictures((before) => before.filter((each) => each.id !== id)),
    clear: () => {
      setPictures([])
      setProblem(null)
    },
  }
}
