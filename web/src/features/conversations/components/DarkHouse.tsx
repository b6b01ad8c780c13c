/** The empty house: what it is for, and three openings one press away. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { live } from '#messages/conversations.ts'
import { EmptyState } from '#ui/EmptyState.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { useCreateConversation } from '../api/mutations.ts'
import { startersQuery } from '../api/queries.ts'
import { handful, mixed } from '../model/starters.ts'
import { DEFAULT_CAST } from '../model/startForm.ts'
import { Opening } from './Opening.tsx'
import './DarkHouse.css'

const OFFERED = 3

export default function DarkHouse() {
  const navigate = useNavigate()
  const create = useCreateConversation()
  const { data: starters = [] } = useQuery(startersQuery())
  const begin = (topic: string) =>
    create.mutate(
      { topic, cast: DEFAULT_CAST.map((persona) => ({ persona })) },
      { onSuccess: ({ id }) => void navigate({ to: '/c/$id', params: { id } }) },
    )
  return (
    <main id="main" className="page" tabIndex={-1}>
      <EmptyState
        level={1}
        title={live.dark}
        actions={
          <Link className="button button-primary button-medium" to="/new">
            {live.start}
          </Link>
        }
      >
        <p>{live.darkAbout}</p>
        <ul className="dark-openings">
          {handful(mixed(starters), null, 0, OFFERED).map(({ id, text }) => (
            <li key={id}>
              <Opening
                disabled={create.isPending}
                aria-label={live.startWith(text)}
                onClick={() => begin(text)}
              >
                {text}
              </Opening>
            </li>
          ))}
        </ul>
        <p role="status">{create.isPending ? live.starting : ''}</p>
        {create.error && <ErrorNote error={create.error} />}
      </EmptyState>
    </main>
  )
}
