import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('.', import.meta.url)
const FORBIDDEN =
  /\b(?:chat|room|session|bot|agent|roster|spectator|utterance|bubble|orchestrator|moderator|vendor|likes|favou?rites?|addon)s?\b/i

test.each(readdirSync(folder).filter((name) => !name.endsWith('.test.ts')))(
  '%s speaks the house’s language',
  (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8')
    // Only what is in quotation marks is shown; the frame's rooms are places, not conversations.
    const strings = [...text.matchAll(/'([^'\n]*)'|`([^`]*)`/g)].map(
      ([, plain, template]) => plain ?? template ?? '',
    )
    expect(strings.filter((string) => FORBIDDEN.test(string) && string !== 'Rooms')).toEqual([])
  },
)
