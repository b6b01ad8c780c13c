/** Starts the app: after the first paint, and when its first screen is there, so that the picture the server sent stays until then. */
import { QueryClientProvider } from '@tanstack/react-query'
import { createRouter, lazyRouteComponent, RouterProvider } from '@tanstack/react-router'
import { setNonce } from 'get-nonce'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './design/index.css'
import './app/shell/FirstView.css'

import { keepLook } from './app/look.ts'
import { makeQueryClient } from './app/queryClient.ts'
import { routeTree } from './app/routeTree.gen.ts'
import { readBoot } from './lib/boot.ts'

const boot = readBoot(document)
const queryClient = makeQueryClient(boot)

const router = createRouter({
  routeTree,
  context: { queryClient, boot },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: lazyRouteComponent(() => import('./app/shell/ErrorPage.tsx'), 'ErrorPage'),
  defaultNotFoundComponent: lazyRouteComponent(() => import('./app/shell/ErrorPage.tsx'), 'NotFoundPage'),
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

// Libraries that add a style element of their own take the page's nonce from here.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce
if (nonce) setNonce(nonce)
keepLook()

function mount(): void {
  const root = document.getElementById('root')
  if (!root) throw new Error('the page has no #root')
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
}

// The code of the first screen is fetched while the first picture is painted. If it cannot be, the router says so itself.
const ready = router.load().catch(() => undefined)
requestAnimationFrame(() => setTimeout(() => void ready.then(mount)))
