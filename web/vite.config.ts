/** How the app is built, served while developing and tested. */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import type { Plugin, ProxyOptions } from 'vite'
import { defineConfig } from 'vitest/config'

/** Gives sonner's style element the page's nonce; a strict content security policy refuses it otherwise. */
const sonnerNonce: Plugin = {
  name: 'sonner-nonce',
  transform: {
    filter: { id: /sonner\/dist\/index\.mjs/ },
    handler: (code) => {
      const marked = code.replace(
        /(\w+)\.type\s*=\s*(['"])text\/css\2;?/,
        "$&\n$1.nonce = document.querySelector('meta[property=csp-nonce]')?.nonce;",
      )
      if (marked === code) throw new Error('sonner no longer injects its style the way sonner-nonce expects')
      return marked
    },
  },
}

/** What every page needs stays in one file: many small ones compress worse. */
const SHELL = {
  name: 'shell',
  test: /node_modules\/(?:react|react-dom|scheduler|@tanstack\/(?:react-router|router-core|history|store|react-store)|use-sync-external-store|clsx|get-nonce)\//,
}

/** Small parts that stand together on most pages, for the same reason. */
const FACES = { name: 'faces', test: /src\/ui\/(?:Mask|MaskRow|Meter)\.(?:tsx|css)$/ }
const FORMS = { name: 'forms', test: /src\/ui\/(?:Field|Segmented|Slider|Switch)\.(?:tsx|css)$/ }

const api = new URL(process.env.CHIMERA_API ?? 'http://127.0.0.1:8000').origin

/**
 * The house answers under its own name alone, and to its own pages alone: while developing these come from here. Pages
 * from elsewhere keep their origin, and are refused as ever.
 */
const house: ProxyOptions = {
  target: api,
  changeOrigin: true,
  ws: true,
  configure(proxy) {
    const introduce = (out: ClientRequest, { headers }: IncomingMessage) => {
      if (headers.origin === `http://${headers.host}`) out.setHeader('origin', api)
    }
    proxy.on('proxyReq', introduce)
    proxy.on('proxyReqWs', introduce)
  },
}

/** The house gives a browser its name with its page; while developing the page comes from here, and the name with it. */
const visitors: Plugin = {
  name: 'visitors',
  configureServer({ middlewares }) {
    const introduce = async ({ headers }: IncomingMessage, out: ServerResponse) => {
      const { cookie = '', accept = '' } = headers
      if (!accept.includes('text/html')) return
      const page = await fetch(api, { method: 'HEAD', headers: { accept, cookie } })
      for (const each of page.headers.getSetCookie()) out.appendHeader('set-cookie', each)
    }
    middlewares.use((request, out, next) => {
      // Without a house behind it the page is there all the same.
      introduce(request, out).then(next, () => next())
    })
  },
}

export default defineConfig({
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2023',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [SHELL, FACES, FORMS] },
        // The shell lists the names of all chunks, and hashes do not pack: seven characters tell them apart.
        chunkFileNames: 'assets/[name]-[hash:7].js',
        assetFileNames: 'assets/[name]-[hash:7][extname]',
      },
    },
  },
  server: { proxy: { '/api': house } },
  plugins: [
    sonnerNonce,
    visitors,
    process.env.VITEST
      ? null
      : tanstackRouter({
          target: 'react',
          autoCodeSplitting: true,
          // A loader waits for nothing by lying beside its component, and the shell stays small.
          codeSplittingOptions: { defaultBehavior: [['component', 'loader']] },
          routesDirectory: 'src/app/routes',
          generatedRouteTree: 'src/app/routeTree.gen.ts',
        }),
    react(),
  ],
  test: {
    restoreMocks: true,
    coverage: {
      reportsDirectory: 'node_modules/.coverage',
      include: ['src/live/**/*.ts', 'src/markdown/*.ts', 'src/features/*/model/**/*.ts'],
    },
    projects: [
      { extends: true, test: { name: 'pure', environment: 'node', include: ['src/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'components',
          environment: 'jsdom',
          include: ['src/**/*.test.tsx'],
          setupFiles: ['src/testing/setup.ts'],
        },
      },
    ],
  },
})
