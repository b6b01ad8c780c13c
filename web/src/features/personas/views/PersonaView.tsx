/** One persona of the company: mask, temper, voice, own words, business on stage. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { gelOf } from '#design/gels.ts'
import { personaQuery, personasQuery } from '#lib/api/personas.ts'
import { asProblem } from '#lib/api/problem.ts'
import type { Persona } from '#lib/api/types.ts'
import { useTitle } from '#lib/useTitle.ts'
import { casting } from '#messages/house.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Mask } from '#ui/Mask.tsx'
import { NothingHere } from '#ui/NothingHere.tsx'
import { Page } from '#ui/Page.tsx'
import { Business } from '../components/Business.tsx'
import { Relations } from '../components/Relations.tsx'
import { Temper } from '../components/Temper.tsx'
import './PersonaView.css'

const LINES_SHOWN = 6

export function PersonaView({ slug }: { readonly slug: string }) {
  const { data: persona, error, refetch } = useQuery(personaQuery(slug))
  useTitle(persona?.name)
  const { data: company = [] } = useQuery(personasQuery())
  if (error && !persona) {
    if (asProblem(error).notFound) return <NothingHere />
    return (
      <Page title={casting.title}>
        <ErrorNote error={error} onRetry={() => void refetch()} />
      </Page>
    )
  }
  if (!persona) {
    return (
      <main id="main" className="page" tabIndex={-1} aria-busy="true">
        <h1 className="visually-hidden">{casting.title}</h1>
      </main>
    )
  }
  return <PersonaPage persona={persona} company={company} />
}

function PersonaPage({
  persona,
  company,
}: {
  readonly persona: Persona
  readonly company: readonly Persona[]
}) {
  return (
    <main id="main" className="page" tabIndex={-1}>
      <article className="page-column persona" data-gel={gelOf(persona.color)}>
        <Link className="persona-back" to="/casting">
          ← {casting.back}
        </Link>
        <header className="persona-head">
          <div className="persona-stage">
            <div className="persona-cone" aria-hidden="true" />
            <Mask mask={persona.mask} size={112} />
          </div>
          <div>
            <p className="t-caption">{persona.color}</p>
            <h1 className="t-title">{persona.name}</h1>
            <p className="persona-tagline">{persona.tagline}</p>
            <p className="persona-about">{persona.about}</p>
            <Link
              className="button button-primary button-medium"
              to="/new"
              search={{ cast: castWith(persona.slug) }}
            >
              {casting.cast}
            </Link>{' '}
            {persona.own ? (
              <Link
                className="button button-quiet button-medium"
                to="/studio/$id"
                params={{ id: persona.slug }}
              >
                {casting.edit}
              </Link>
            ) : (
              <Link
                className="button button-quiet button-medium"
                to="/studio/new"
                search={{ from: persona.slug }}
              >
                {casting.fork}
              </Link>
            )}
          </div>
        </header>
        <div className="persona-columns">
          <section aria-labelledby="persona-lines" className="persona-lines">
            <h2 className="t-caption" id="persona-lines">
              {casting.lines}
            </h2>
            {persona.sample_lines.slice(0, LINES_SHOWN).map((line) => (
              <blockquote key={line} className="t-speech">
                {line}
              </blockquote>
            ))}
          </section>
          <div className="persona-side">
            <section>
              <h2 className="t-caption">{casting.voice}</h2>
              <p>{persona.voice}</p>
            </section>
            <Temper traits={persona.traits} />
            <section>
              <h2 className="t-caption">{casting.values}</h2>
              <p>{persona.values.join(' · ')}</p>
            </section>
            <section>
              <h2 className="t-caption">{casting.habits}</h2>
              <ul className="persona-habits">
                {persona.habits.map((habit) => (
                  <li key={habit}>{habit}</li>
                ))}
              </ul>
            </section>
            <section>
              <h2 className="t-caption">{casting.expertise}</h2>
              <p>{persona.expertise.join(' · ')}</p>
            </section>
            <Relations relations={persona.relations} company={company} />
          </div>
        </div>
        <Business business={persona.business} />
      </article>
    </main>
  )
}

/** A cast of three with this persona in it. */
function castWith(slug: string): string {
  return [...new Set([slug, 'philosopher', 'comedian', 'scientist'])].slice(0, 3).join(',')
}
