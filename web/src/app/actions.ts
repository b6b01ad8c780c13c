/** The commands of the house itself: going to its rooms, its look, its help. */
import type { Action } from '#actions/registry.ts'
import { en } from '#messages/en.ts'

export type Place = '/' | '/new' | '/library' | '/casting' | '/settings' | '/admin/providers'

export interface House {
  readonly go: (to: Place) => void
  readonly palette: () => void
  readonly help: () => void
  readonly theme: () => void
}

export function houseActions({ go, palette, help, theme }: House): readonly Action[] {
  const { actions } = en
  return [
    { id: 'go.live', group: 'go', label: actions.live, keys: ['g l'], run: () => go('/') },
    { id: 'go.start', group: 'go', label: actions.start, keys: ['g n'], run: () => go('/new') },
    { id: 'go.library', group: 'go', label: actions.library, keys: ['g b'], run: () => go('/library') },
    { id: 'go.casting', group: 'go', label: actions.casting, keys: ['g c'], run: () => go('/casting') },
    { id: 'go.settings', group: 'go', label: actions.settings, keys: ['g s'], run: () => go('/settings') },
    { id: 'go.admin', group: 'go', label: actions.admin, keys: ['g a'], run: () => go('/admin/providers') },
    { id: 'view.palette', group: 'view', label: actions.palette, keys: ['mod+k'], run: palette },
    { id: 'view.theme', group: 'view', label: actions.theme, keys: ['t'], run: theme },
    { id: 'view.help', group: 'view', label: actions.help, keys: ['?'], run: help },
  ]
}
