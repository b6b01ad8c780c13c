/** Times as people say them, in the reader's own time zone. */

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

const sameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString()

/** `today, 21:07`, `yesterday, 9:30`, `3 Nov, 21:07`, `3 Nov 2025`. */
export function sayWhen(at: string, now: Date): string {
  const date = new Date(at)
  const yesterday = new Date(now)
  yesterday.setDate(now.getDate() - 1)
  if (sameDay(date, now)) return `today, ${time.format(date)}`
  if (sameDay(date, yesterday)) return `yesterday, ${time.format(date)}`
  if (date.getFullYear() === now.getFullYear()) return `${day.format(date)}, ${time.format(date)}`
  return dayOfYear.format(date)
}
