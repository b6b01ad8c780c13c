/** The words of the score. */

const number = new Intl.NumberFormat('en')

export const score = {
  label: 'Score',
  value: (index: number, count: number, name: string, time: string) =>
    `Message ${number.format(index)} of ${number.format(count)}, ${name}, ${time}`,
  empty: 'No message yet',
  nextTopic: 'Next topic',
  previousTopic: 'Previous topic',
} as const
