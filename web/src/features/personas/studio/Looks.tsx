/** A persona's mask, part by part, and its gel. */
import { GELS } from '#design/gels.ts'
import { faceOf, KIT } from '#design/mask.ts'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { Choice } from '#ui/Field.tsx'
import { Mask } from '#ui/Mask.tsx'
import type { Draft } from './form.ts'

type Part = keyof typeof KIT
const PARTS = Object.keys(KIT) as readonly Part[]

export interface LooksProps {
  readonly draft: Draft
  readonly onChange: (part: Partial<Draft>) => void
}

export function Looks({ draft, onChange }: LooksProps) {
  const face = faceOf(draft.mask)
  const wear = (part: Part, name: string) => {
    const parts = { ...face, [part]: name }
    onChange({ mask: PARTS.map((each) => `${each}:${parts[each]}`).join(',') })
  }
  return (
    <fieldset className="studio-section">
      <legend className="t-caption">{studio.sections.look}</legend>
      <div className="studio-looks">
        <div className="studio-stage">
          <Mask mask={draft.mask} size={112} />
          <Button
            size="small"
            onClick={() => onChange({ mask: crypto.getRandomValues(new Uint32Array(1)).join() })}
          >
            {studio.drawAnother}
          </Button>
        </div>
        <div className="studio-parts">
          {PARTS.map((part) => (
            <Choice
              key={part}
              label={studio.parts[part]}
              value={face[part]}
              onChange={(event) => wear(part, event.target.value)}
            >
              {Object.keys(KIT[part]).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Choice>
          ))}
        </div>
      </div>
      <fieldset className="studio-gels">
        <legend className="t-caption">{`${studio.gel}: ${draft.color}`}</legend>
        {GELS.map((gel) => (
          <label key={gel} className="studio-gel" data-gel={gel} title={gel}>
            <input
              type="radio"
              className="visually-hidden"
              name="gel"
              checked={draft.color === gel}
              aria-label={gel}
              onChange={() => onChange({ color: gel })}
            />
            <span />
          </label>
        ))}
      </fieldset>
    </fieldset>
  )
}
