/** The pictures of a viewer's line; a press shows one larger. */
import { useState } from 'react'
import type { Line } from '#live/state.ts'
import { pictures as words } from '#messages/pictures.ts'
import { Dialog } from '#ui/Dialog.tsx'
import { useView } from './playing.tsx'
import './Pictures.css'

export default function Pictures({ line }: { readonly line: Line }) {
  const { state } = useView()
  const [shown, setShown] = useState<number | null>(null)
  const alt = words.from(line.author.name)
  const sourceOf = (id: string) => `/api/v1/conversations/${state.id}/images/${id}`
  const large = shown === null ? undefined : line.pictures[shown]
  return (
    <div className="pictures">
      {line.pictures.map(({ id, width, height }, index) => (
        <button key={id} type="button" title={words.larger} onClick={() => setShown(index)}>
          <img src={sourceOf(id)} width={width} height={height} alt={alt} />
        </button>
      ))}
      <Dialog
        open={large !== undefined}
        onOpenChange={() => setShown(null)}
        title={alt}
        className="pictures-large"
      >
        {large && <img src={sourceOf(large.id)} width={large.width} height={large.height} alt={alt} />}
      </Dialog>
    </div>
  )
}
