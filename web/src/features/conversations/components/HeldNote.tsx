/** One line that says why models of which there are keys will not speak. */
import { useQuery } from '@tanstack/react-query'
import { houseQuery } from '#lib/api/house.ts'
import type { Provider } from '#lib/api/types.ts'
import { start } from '#messages/conversations.ts'

export function HeldNote({ providers }: { readonly providers: readonly Provider[] }) {
  const paid = providers.some(({ local, scripted, state }) => !local && !scripted && state !== 'unset')
  const { data: house } = useQuery({ ...houseQuery(), enabled: paid })
  if (!paid || house?.paid_calls !== false) return null
  return (
    <p className="field-hint" role="status">
      {start.held}
    </p>
  )
}
