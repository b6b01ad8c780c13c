/** Every string of the house's frame; each screen's own strings lie beside this file. */
import { plural } from './count.ts'

export const en = {
  common: {
    close: 'Close',
    cancel: 'Cancel',
    retry: 'Try again',
    loading: 'Loading',
    notices: 'Notices',
    more: 'Show more',
    messages: (n: number) => plural(n, 'message', 'messages'),
  },
  shell: {
    skip: 'Skip to the content',
    rooms: 'Rooms',
    doors: {
      live: 'Live',
      library: 'Library',
      start: 'Start',
      casting: 'Casting',
      admin: 'Admin',
      settings: 'Settings',
    },
    offline: 'You are offline. What is on the page stays; new lines arrive when the line is back.',
  },
  status: { created: 'Not started', running: 'Live', paused: 'Paused', ended: 'Ended' },
  errors: {
    title: 'Something fell in the wings.',
    refusedTitle: 'That cannot be done.',
    invalidTitle: (field: string) =>
      field === '' ? 'That cannot be taken as it is.' : `“${field}” cannot be taken as it is.`,
    offlineTitle: 'No line to the house.',
    request: (id: string) => `Request ${id}`,
    notFound: 'Nothing is playing here.',
    notFoundAbout: 'The address may be wrong, or what was here is not for everybody.',
    reload: 'Reload the page',
  },
  actions: {
    live: 'Go to Live',
    start: 'Start a conversation',
    library: 'Go to the Library',
    casting: 'Go to Casting',
    settings: 'Go to Settings',
    admin: 'Go to Admin: providers',
    palette: 'Open the palette',
    theme: 'House lights on or off',
    help: 'Show keyboard shortcuts',
  },
  palette: {
    label: 'Palette',
    hint: 'Do, find, go to…',
    nothing: 'Nothing by that name.',
    actions: 'Actions',
    conversations: 'Conversations',
    personas: 'Personas',
  },
  help: {
    title: 'Keyboard shortcuts',
    about: 'Single keys work while no field or button has the focus.',
    groups: { conversation: 'This conversation', view: 'View', go: 'Go to' },
  },
  settings: {
    shortcuts: 'Single-key shortcuts',
    shortcutsHint: 'Keys with Ctrl or ⌘ always work.',
  },
} as const
