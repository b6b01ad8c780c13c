/** What stands beside a line: who lent the voice, that it was cut off. */
import type { ReactNode } from 'react'
import type { Line } from '#live/state.ts'
import { stage } from '#messages/stage.ts'

function ending({ draft, ending: how }: Line): string | null {
  if (draft) return null
  if (how === 'cut_off') return stage.cutOff
  if (how === 'length') return stage.tooLong
  return how === 'refused' ? stage.refused : null
}

export function MarginNotes({ line }: { readonly line: Line }) {
  const notes: ReactNode[] = []
  const { why, model = '', understudy_for: lead } = line.route ?? {}
  if (lead) {
    notes.push(
      <p key="understudy" title={stage.understudyWhy(why ?? null, model, lead)}>
        {stage.understudy(model)}
        <span className="t-time">{stage.understudyFor(lead)}</span>
      </p>,
    )
  }
  const how = ending(line)
  if (how !== null) notes.push(<p key="ending">{how}</p>)
  return notes.length === 0 ? null : <div className="line-notes">{notes}</div>
}
