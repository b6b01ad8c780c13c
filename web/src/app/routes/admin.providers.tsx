import { createFileRoute } from '@tanstack/react-router'
import { ProvidersView } from '#features/admin/views/ProvidersView.tsx'
import { houseQuery } from '#lib/api/house.ts'
import { everyProviderQuery } from '#lib/api/providers.ts'

export const Route = createFileRoute('/admin/providers')({
  validateSearch: ({ open }): { open?: string } => (typeof open === 'string' ? { open } : {}),
  loader: ({ context: { queryClient } }) => {
    void queryClient.prefetchQuery(everyProviderQuery())
    void queryClient.prefetchQuery(houseQuery())
  },
  component: Providers,
})

function Providers() {
  const { open } = Route.useSearch()
  const navigate = Route.useNavigate()
  return (
    <ProvidersView
      open={open}
      onOpen={(name) => void navigate({ search: name === undefined ? {} : { open: name }, replace: true })}
    />
  )
}
