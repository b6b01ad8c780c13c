/** Whether calls are kept for looking behind the lines, and what that means. */
import type { HouseSwitches } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Switch } from '#ui/Switch.tsx'
import { usePatchHouse } from '../api/mutations.ts'

export function Recording({ house }: { readonly house: HouseSwitches }) {
  const patch = usePatchHouse()
  return (
    <section className="admin-section" aria-labelledby="admin-recording">
      <div className="admin-head">
        <h2 id="admin-recording">{admin.recording}</h2>
      </div>
      <Switch
        label={admin.record}
        hint={admin.recordHint}
        checked={house.record_calls}
        onChange={(record) => patch.mutate({ record_calls: record })}
      />
      {patch.error && <ErrorNote error={patch.error} />}
    </section>
  )
}
