import { createFileRoute } from '@tanstack/react-router'
import { SettingsView } from '#features/settings/views/SettingsView.tsx'
import { providersQuery } from '#lib/api/providers.ts'

export const Route = createFileRoute('/settings')({
  loader: ({ context }) => void context.queryClient.prefetchQuery(providersQuery()),
  component: SettingsView,
})
