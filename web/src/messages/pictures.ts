/** The strings of pictures that viewers show. */

export const pictures = {
  held: 'Pictures to show',
  number: (n: number) => `Picture ${n}`,
  drop: (n: number) => `Put picture ${n} down`,
  busy: 'Making it smaller…',
  from: (name: string) => `A picture from ${name}`,
  larger: 'Show it larger',
  left: {
    type: 'Pictures only: PNG, JPEG, WebP or GIF.',
    count: 'Four pictures at most.',
    unread: 'This picture cannot be read.',
  },
} as const
