/** Every string of the interface, by place. Functions take what varies. */

const count = new Intl.NumberFormat('en')
const plural = (n: number, one: string, many: string) => `${count.format(n)} ${n === 1 ? one : many}`

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
  errors: {
    title: 'Something fell in the wings.',
    offlineTitle: 'No line to the house.',
    request: (id: string) => `Request ${id}`,
  },
} as const
