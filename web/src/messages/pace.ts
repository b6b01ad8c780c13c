/** The words of choosing a pace while a show runs. */

export const pace = {
  modes: { stream: 'Words', human: 'Lines', instant: 'At once' },
  modeAbout: {
    stream: 'Every word appears as it is said.',
    human: 'A line appears when it is finished, as when people write to each other.',
    instant: 'No waiting between lines, but twenty a minute at most: then the next one waits.',
  },
  speed: 'Speed',
} as const
