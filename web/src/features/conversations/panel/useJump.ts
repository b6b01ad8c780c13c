/** Brings a line into sight that something of the panel cites, however long ago it was said. */
import { createContext, useContext } from 'react'
import { usePlaying } from '../stage/playing.tsx'
import { useScriptPosition } from '../stage/scriptPosition.tsx'

/** What is done before the script is shown: a sheet that lies over it is closed. */
export const LeaveContext = createContext<() => void>(() => undefined)

/** So long a row is waited for; one that was struck out of the log never comes. */
const PATIENT_FRAMES = 90

const nextFrame = () => new Promise((drawn) => requestAnimationFrame(drawn))

/** Older pages of the log are fetched one by one until the line is there, or there are no more of them. */
export function useJump(): (messageId: string) => Promise<void> {
  const { live } = usePlaying()
  const { script } = useScriptPosition()
  const leave = useContext(LeaveContext)
  return async (messageId) => {
    leave()
    const { store } = live
    const isThere = () => store.session.state.rows.some(({ id }) => id === messageId)
    for (let before = 0; !isThere() && store.session.state.fromSeq !== before; ) {
      before = store.session.state.fromSeq
      await live.older()
    }
    // The script draws what was fetched first, and a sheet gives the focus back before it goes elsewhere.
    for (let frames = 0; frames < 3; frames += 1) await nextFrame()
    script.current?.toRow(messageId)
    // A row far away is drawn only when the script has come there.
    for (let frames = 0; frames < PATIENT_FRAMES; frames += 1) {
      const row = document.getElementById(`row-${messageId}`)
      row?.focus({ preventScroll: true })
      if (row && document.activeElement === row) return
      await nextFrame()
    }
  }
}
