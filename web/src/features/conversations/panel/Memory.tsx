/** What each of the cast remembers: where it was heard, how much it weighs, to be put right or forgotten. */
import { useState } from 'react'
import { gelOf } from '#design/gels.ts'
import { messageCount } from '#live/counts.ts'
import type { ConversationState } from '#live/state.ts'
import { panel } from '#messages/panel.ts'
import { Mask } from '#ui/Mask.tsx'
import { notesQuery } from '../api/minds.ts'
import { useView } from '../stage/playing.tsx'
import { NoteItem } from './NoteItem.tsx'
import { Answered, Section } from './Section.tsx'
import { useFresh } from './useFresh.ts'
import { peopleOf, shortOf } from './useLedger.ts'
import './Memory.css'

interface WhoseProps {
  readonly state: ConversationState
  readonly who: string | null
  readonly onChange: (who: string | null) => void
}

function Whose({ state, who, onChange }: WhoseProps) {
  return (
    <fieldset className="whose">
      <legend className="visually-hidden">{panel.whose}</legend>
      <button type="button" aria-pressed={who === null} onClick={() => onChange(null)}>
        {panel.everybody}
      </button>
      {peopleOf(state).map((id) => {
        const seat = state.participants.find((each) => each.id === id)
        return (
          <button
            key={id}
            type="button"
            aria-pressed={who === id}
            data-gel={gelOf(seat?.color)}
            onClick={() => onChange(id)}
          >
            <Mask mask={seat?.mask ?? id} size={15} />
            {seat?.short ?? id}
          </button>
        )
      })}
    </fieldset>
  )
}

export default function Memory() {
  const { state } = useView()
  const [who, setWho] = useState<string | null>(null)
  const result = useFresh(notesQuery(state.id), messageCount(state))
  return (
    <Section title={panel.memory}>
      <p className="panel-about">{panel.memoryAbout}</p>
      <Whose state={state} who={who} onChange={setWho} />
      <Answered result={result}>
        {(all) => {
          const notes = all.filter((note) => who === null || note.participant_id === who).toReversed()
          const empty = who === null ? panel.noNotes : panel.noNotesOf(shortOf(state)(who))
          if (notes.length === 0) return <p className="panel-empty">{empty}</p>
          return (
            <ul className="notes">
              {notes.map((note) => (
                <NoteItem key={note.id} state={state} note={note} />
              ))}
            </ul>
          )
        }}
      </Answered>
    </Section>
  )
}
