/** What a model can do, in a word each. */
import type { Model } from '#lib/api/types.ts'
import { minds } from '#messages/minds.ts'
import './Badges.css'

export interface BadgesProps {
  readonly model: Pick<Model, 'vision' | 'thinking' | 'loaded'>
  /** It is the one a participant gets if none is named. */
  readonly usual?: boolean
}

export function Badges({ model, usual = false }: BadgesProps) {
  const { badges } = minds
  const words = [
    model.vision && badges.vision,
    model.thinking && badges.thinking,
    model.loaded && badges.loaded,
    usual && badges.usual,
  ].filter((word) => typeof word === 'string')
  return words.map((word) => (
    <span key={word} className="badge">
      {word}
    </span>
  ))
}
