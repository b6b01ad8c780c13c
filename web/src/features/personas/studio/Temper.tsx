/** What moves a persona: nine traits, how fast it types, how much it feels the audience. */
import { studio } from '#messages/studio.ts'
import { Slider } from '#ui/Slider.tsx'
import { Switch } from '#ui/Switch.tsx'
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
      <Sensitivity traits={traits} onChange={onChange} />
    </fieldset>
  )
}

/** Of itself it follows from humour and warmth (`engine.md` section 9); a card may say otherwise. */
function Sensitivity({ traits, onChange }: TemperProps) {
  const { sens, ...others } = traits
  const usual = Math.min(1, 0.15 + 0.45 * traits.humour + 0.3 * traits.warmth)
  const own = sens != null
  return (
    <div className="studio-pair">
      <Switch
        label={studio.ownSens}
        hint={studio.ownSensAbout}
        checked={own}
        onChange={(wanted) =>
          onChange({ traits: wanted ? { ...traits, sens: Math.round(usual * 20) / 20 } : others })
        }
      />
      <Slider
        label={studio.sens[0]}
        min={0}
        max={1}
        step={0.05}
        value={sens ?? usual}
        disabled={!own}
        text={studio.between(sens ?? usual, studio.sens[1], studio.sens[2])}
        onChange={(value) => onChange({ traits: { ...traits, sens: value } })}
      />
    </div>
  )
}
