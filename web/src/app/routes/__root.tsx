import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext } from '@tanstack/react-router'
import type { Boot } from '#lib/boot.ts'
import { Shell } from '../shell/Shell.tsx'

export interface RouterContext {
  readonly queryClient: QueryClient
  readonly boot: Boot
}

export const Route = createRootRouteWithContext<RouterContext>()({
  component: Shell,
})
