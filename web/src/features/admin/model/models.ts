/** Which of a provider's models are meant by a few letters; what is in memory comes first. */
import type { Model } from '#lib/api/types.ts'

export function matching(models: readonly Model[], words: string): readonly Model[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const found = models.filter(({ id, name }) => {
    const text = `${id} ${name ?? ''}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
  return found.toSorted((a, b) => Number(b.loaded ?? false) - Number(a.loaded ?? false))
}
