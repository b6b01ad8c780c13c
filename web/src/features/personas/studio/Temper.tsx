/** What moves a persona: nine traits and how fast it types. */
import { studio } from '#messages/studio.ts'
import { Slider } from '#ui/Slider.tsx'
import type { Draft, Traits } from './form.ts'

type Trait = keyof typeof studio.traits
const TRAITS = Object.keys(studio.traits) as readonly Trait[]
const LEAST: Partial<Record<Trait, number>> = { talk: 0.05 }

export interface TemperProps {
  readonly traits: Traits
  readonly onChange: (part: Partial<Draft>) => void
}

export function Temper({ traits, onChange }: TemperProps) {
  const move = (name: keyof Traits, value: number) => onChange({ traits: { ...traits, [name]: value } })
  return (
    <fieldset className="studio-section">
      <legend className="t-caption">{studio.sections.temper}</legend>
      <div className="studio-sliders">
        {TRAITS.map((name) => {
          const [label, low, high] = studio.traits[name]
          return (
            <Slider
              key={name}
              label={label}
              min={LEAST[name] ?? 0}
              max={1}
              step={0.05}
              value={traits[name]}
              text={studio.between(traits[name], low, high)}
              onChange={(value) => move(name, value)}
            />
          )
        })}
        <Slider
          label={studio.typing}
          min={2}
          max={12}
          step={0.1}
          value={traits.cps}
          text={studio.cps(traits.cps)}
          onChange={(value) => move('cps', value)}
        />
      </div>
    </fieldset>
  )
}
