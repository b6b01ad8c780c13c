/** The words of directing from the stage: what can be asked of those on it, and what is said to them. */

/** Within a sentence the article is small. */
const inside = (name: string) => name.replace(/^The /, 'the ')

export const directing = {
  direct: (name: string) => `Direct ${inside(name)}`,
  speak: 'Let speak',
  whisper: (name: string) => `Whisper to ${inside(name)}…`,
  note: (name: string) => `Note for ${inside(name)}…`,
  mute: 'Mute',
  unmute: 'Unmute',
  recast: 'Another model…',
  asking: 'Asking…',

  whisperTitle: (name: string) => `Whisper to ${inside(name)}`,
  whisperAbout: 'It stands in the script as an aside; the others on stage do not hear it.',
  noteTitle: (name: string) => `Note for ${inside(name)}`,
  noteForAllTitle: 'A note for everybody',
  noteAbout: 'A director’s note: it is not spoken, and colours the next line.',
  whisperField: 'What you whisper',
  noteField: 'The note',
  send: 'Send',
  give: 'Give the note',
  given: (name: string | undefined) =>
    name === undefined ? 'Everybody has your note.' : `${name} has your note.`,
} as const
