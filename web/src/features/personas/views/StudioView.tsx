/** The studio: a persona written on one side, and on the other what becomes of it. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { gelOf } from '#design/gels.ts'
import { personasQuery } from '#lib/api/personas.ts'
import { asProblem } from '#lib/api/problem.ts'
import type { Persona } from '#lib/api/types.ts'
import { useLater } from '#lib/useLater.ts'
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { Confirm } from '#ui/Dialog.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Page } from '#ui/Page.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { Switch } from '#ui/Switch.tsx'
import { notify } from '#ui/toast.ts'
import { previewQuery, useRemove, useSave } from '../studio/api.ts'
import { Download } from '../studio/Download.tsx'
import { MannerFields, RuleFields, VoiceFields, WhoFields } from '../studio/Fields.tsx'
import { cardOf, type Draft, draftOf, emptyDraft, faultsOf, forkOf } from '../studio/form.ts'
import { Looks } from '../studio/Looks.tsx'
import { Memory } from '../studio/Memory.tsx'
import { Preview } from '../studio/Preview.tsx'
import { Regards } from '../studio/Regards.tsx'
import { Temper } from '../studio/Temper.tsx'
import { TryOut } from '../studio/TryOut.tsx'
import { Variants } from '../studio/Variants.tsx'
import { Versions } from '../studio/Versions.tsx'
import './StudioView.css'

const PAUSE_MS = 350
const VIEWS = (['preview', 'tryout', 'variants', 'memory', 'versions'] as const).map((value) => ({
  value,
  label: studio.view[value],
}))

export interface StudioViewProps {
  /** The persona that is edited, or the one that a new one begins as. */
  readonly persona?: Persona
}

export function StudioView({ persona }: StudioViewProps) {
  const own = persona?.own ? persona : undefined
  const origin = own ? undefined : persona
  const [draft, setDraft] = useState<Draft>(() =>
    own ? draftOf(own) : origin ? forkOf(origin) : emptyDraft(`${Date.now()}`),
  )
  const [topic, setTopic] = useState('Can a machine ever be lonely?')
  const [view, setView] = useState<(typeof VIEWS)[number]['value']>('preview')
  const card = cardOf(draft)
  const named = card.name !== ''
  const later = useLater(JSON.stringify([card, topic.trim()]), PAUSE_MS)
  const [asked, about] = JSON.parse(later) as [typeof card, string]
  const preview = useQuery({ ...previewQuery(asked, about, own?.slug), enabled: asked.name !== '' })
  const { data: company = [] } = useQuery(personasQuery())
  const save = useSaving(own, origin)
  const change = (part: Partial<Draft>) => {
    // What was refused is being put right: the preview says what is still wrong.
    if (save.error) save.forget()
    setDraft((before) => ({ ...before, ...part }))
  }
  const refused = [save.error, preview.error].flatMap((error) => (error ? asProblem(error).errors : []))
  const faults = faultsOf(refused)
  const alike = (preview.data?.alike ?? []).map(({ other }) => nameOf(company, other))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.keep(card)
  }
  const fields = { draft, faults, onChange: change }
  return (
    <Page
      title={own?.name ?? studio.newTitle}
      className="studio"
      caption={
        <Link to="/casting">
          ← {studio.back}
          {origin && ` · ${studio.forkedFrom(origin.name)}`}
        </Link>
      }
      {...(own ? { actions: <OwnActions persona={own} /> } : {})}
    >
      <form className="studio-columns" data-gel={gelOf(draft.color)} noValidate onSubmit={submit}>
        <div className="studio-form">
          <p className="field-hint">{studio.about}</p>
          <WhoFields {...fields} />
          <VoiceFields {...fields} />
          <Temper traits={draft.traits} onChange={change} />
          <RuleFields {...fields} />
          <Regards relations={draft.relations} editing={own?.slug} onChange={change} />
          <MannerFields {...fields} />
          <fieldset className="studio-section">
            <legend className="t-caption">{studio.sections.memory}</legend>
            <Switch
              label={studio.remembers}
              hint={studio.remembersAbout}
              checked={draft.remembers}
              onChange={(remembers) => change({ remembers })}
            />
          </fieldset>
          <Looks draft={draft} onChange={change} />
          <footer className="studio-foot">
            {save.error && <ErrorNote error={save.error} />}
            <Button type="submit" variant="primary" busy={save.busy} disabled={!named}>
              {own ? studio.saveNext : studio.save}
            </Button>
          </footer>
        </div>
      </form>
      <aside className="studio-side" data-gel={gelOf(draft.color)}>
        <Segmented label={studio.views} hideLabel value={view} options={VIEWS} onChange={setView} />
        {own?.plays_as != null && (
          <p className="field-hint">{studio.playsAs(nameOf(company, own.plays_as))}</p>
        )}
        {alike.length > 0 && (
          <p className="studio-warning" role="status">
            {studio.alike(alike)}
          </p>
        )}
        {view === 'preview' && <Preview found={preview} topic={topic} named={named} onTopic={setTopic} />}
        {view === 'tryout' && <TryOut card={card} editing={own?.slug} />}
        {view === 'variants' && <Variants persona={own} onAdopted={(next) => setDraft(draftOf(next))} />}
        {view === 'memory' && <Memory id={own?.id} remembers={own?.remembers ?? false} />}
        {view === 'versions' && (
          <Versions
            id={own?.id}
            onRestore={(version) => {
              setDraft(draftOf(version.persona))
              void notify({ text: studio.restored(version.version) })
            }}
          />
        )}
      </aside>
    </Page>
  )
}

const nameOf = (company: readonly Persona[], slug: string) =>
  company.find((each) => each.slug === slug)?.name ?? slug

function useSaving(own: Persona | undefined, origin: Persona | undefined) {
  const navigate = useNavigate()
  const { mutate, reset, isPending, error } = useSave(own, origin?.slug)
  const keep = (card: Parameters<typeof mutate>[0]) =>
    mutate(card, {
      onSuccess: ({ slug, name, version }) => {
        const same = own !== undefined && own.version === version
        void notify({ text: same ? studio.unchanged : studio.saved(name, version ?? 1) })
        if (!own) void navigate({ to: '/studio/$id', params: { id: slug } })
      },
    })
  return { keep, forget: reset, busy: isPending, error }
}

function OwnActions({ persona: { id, slug, name } }: { readonly persona: Persona }) {
  const navigate = useNavigate()
  const remove = useRemove(id)
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Link
        className="button button-quiet button-medium"
        to="/new"
        search={{ cast: `${slug},comedian,scientist` }}
      >
        {studio.cast}
      </Link>
      <Download id={id} slug={slug} />
      <Button variant="plain" busy={remove.isPending} onClick={() => setAsking(true)}>
        {studio.remove}
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={studio.removeTitle(name)}
        description={studio.removeAbout}
        confirm={studio.remove}
        onConfirm={() =>
          remove.mutate(undefined, {
            onSuccess: () => {
              void notify({ text: studio.removed(name) })
              void navigate({ to: '/casting' })
            },
          })
        }
      />
    </>
  )
}
