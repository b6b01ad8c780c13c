/** The words of a persona: who it is, how it talks, what it holds to. */
import { useRef } from 'react'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { TextArea, TextField } from '#ui/Field.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { type Draft, type FieldName, STATES } from './form.ts'

const LONGEST: Partial<Record<FieldName, number>> = {
  name: 60,
  short: 24,
  tagline: 140,
  about: 800,
  voice: 800,
  language: 35,
}
const RHYTHMS = (['slow', 'even', 'quick'] as const).map((value) => ({
  value,
  label: studio.rhythms[value],
}))
/** What a template may leave open; the house fills it where the persona is cast. */
const VARIABLES = ['name', 'short', 'cast', 'topic', 'language'] as const

export interface FieldsProps {
  readonly draft: Draft
  readonly faults: Partial<Record<FieldName, string>>
  readonly onChange: (part: Partial<Draft>) => void
}

export function WhoFields(props: FieldsProps) {
  return (
    <fieldset className="studio-section">
      <legend className="t-caption">{studio.sections.who}</legend>
      <div className="studio-pair">
        <OneLine name="name" {...props} />
        <OneLine name="short" {...props} />
      </div>
      <OneLine name="tagline" {...props} />
      <Template name="about" {...props} />
      <div className="studio-pair">
        <Entries name="expertise" rows={3} {...props} />
        <Entries name="aliases" rows={3} {...props} />
      </div>
    </fieldset>
  )
}

export function VoiceFields(props: FieldsProps) {
  return (
    <fieldset className="studio-section">
      <legend className="t-caption">{studio.sections.voice}</legend>
      <Template name="voice" {...props} />
      <Entries name="sample_lines" rows={6} speech {...props} />
      <OneLine name="language" {...props} />
    </fieldset>
  )
}

export function RuleFields(props: FieldsProps) {
  return (
    <fieldset className="studio-section">
      <legend className="t-caption">{studio.sections.rules}</legend>
      <div className="studio-pair">
        <Entries name="values" rows={4} {...props} />
        <Entries name="habits" rows={4} {...props} />
      </div>
      <Entries name="forbidden" rows={3} {...props} />
    </fieldset>
  )
}

/** What it is seen doing while it does not speak. */
export function MannerFields(props: FieldsProps) {
  return (
    <fieldset className="studio-section">
      <legend className="t-caption">{studio.sections.manner}</legend>
      <p className="field-hint">{studio.mannerAbout}</p>
      <div className="studio-pair">
        {STATES.map((state) => (
          <Entries key={state} name={state} rows={4} speech {...props} />
        ))}
      </div>
      <Segmented
        label={studio.rhythm}
        value={props.draft.rhythm}
        options={RHYTHMS}
        onChange={(rhythm) => props.onChange({ rhythm })}
      />
    </fieldset>
  )
}

interface FieldProps extends FieldsProps {
  readonly name: FieldName
}

function OneLine({ name, draft, faults, onChange }: FieldProps) {
  const [label, hint] = studio.fields[name]
  return (
    <TextField
      label={label}
      {...(hint === '' ? {} : { hint })}
      error={faults[name]}
      value={draft[name]}
      maxLength={LONGEST[name]}
      autoComplete="off"
      onChange={(event) => onChange({ [name]: event.target.value })}
    />
  )
}

function Entries({
  name,
  rows,
  speech = false,
  draft,
  faults,
  onChange,
}: FieldProps & { readonly rows: number; readonly speech?: boolean }) {
  const [label, hint] = studio.fields[name]
  return (
    <TextArea
      label={label}
      hint={hint}
      error={faults[name]}
      rows={rows}
      className={speech ? 'studio-speech' : ''}
      value={draft[name]}
      onChange={(event) => onChange({ [name]: event.target.value })}
    />
  )
}

function Template({ name, draft, faults, onChange }: FieldProps) {
  const [label, hint] = studio.fields[name]
  const area = useRef<HTMLTextAreaElement>(null)
  const insert = (variable: string) => {
    const own = area.current
    if (!own) return
    own.setRangeText(`{${variable}}`, own.selectionStart, own.selectionEnd, 'end')
    onChange({ [name]: own.value })
    own.focus()
  }
  return (
    <div className="studio-template">
      <TextArea
        ref={area}
        label={label}
        hint={hint}
        error={faults[name]}
        rows={4}
        maxLength={LONGEST[name]}
        value={draft[name]}
        onChange={(event) => onChange({ [name]: event.target.value })}
      />
      <fieldset className="studio-variables" aria-label={`${studio.variables}: ${label}`}>
        {VARIABLES.map((variable) => (
          <Button
            key={variable}
            size="small"
            variant="plain"
            aria-label={studio.insert(variable)}
            onClick={() => insert(variable)}
          >
            {`{${variable}}`}
          </Button>
        ))}
      </fieldset>
    </div>
  )
}
