/** Admin → Providers: who can speak, with which key, how well it goes and what it costs. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { houseQuery } from '#lib/api/house.ts'
import { everyProviderQuery } from '#lib/api/providers.ts'
import type { Provider } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Page } from '#ui/Page.tsx'
import { spendingQuery } from '../api/queries.ts'
import { Budgets } from '../components/Budgets.tsx'
import { FoundHere } from '../components/FoundHere.tsx'
import { ProviderCard } from '../components/ProviderCard.tsx'
import { Recording } from '../components/Recording.tsx'
import { Spending } from '../components/Spending.tsx'
import { Summary } from '../components/Summary.tsx'
import './ProvidersView.css'

/** While the page is open the lights follow what happens. */
const AGAIN_MS = 15_000

export interface ProvidersViewProps {
  /** The provider whose card is open. */
  readonly open: string | undefined
  readonly onOpen: (name: string | undefined) => void
}

export function ProvidersView({ open, onOpen }: ProvidersViewProps) {
  const providers = useQuery({ ...everyProviderQuery(), refetchInterval: AGAIN_MS })
  const house = useQuery(houseQuery())
  const spending = useQuery(spendingQuery(1))
  const all = providers.data ?? []
  const paidCalls = house.data?.paid_calls ?? true
  return (
    <Page
      title={admin.title}
      caption={admin.caption}
      className="admin"
      actions={
        <>
          <Link className="button button-quiet button-medium" to="/admin/experiments">
            {admin.toExperiments}
          </Link>
          <Link className="button button-quiet button-medium" to="/settings">
            {admin.toSettings}
          </Link>
        </>
      }
    >
      <Summary
        providers={all}
        house={house.data}
        today={spending.data?.today ?? null}
        month={spending.data?.month ?? null}
      />
      {house.error && <ErrorNote error={house.error} onRetry={() => void house.refetch()} />}
      <FoundHere providers={all} />
      <section className="admin-section" aria-labelledby="admin-list">
        <h2 id="admin-list" className="visually-hidden">
          {admin.list}
        </h2>
        {providers.error && <ErrorNote error={providers.error} onRetry={() => void providers.refetch()} />}
        {providers.data && !all.some(plays) && <p className="admin-about">{admin.firstOne}</p>}
        <Columns />
        <ul className="provider-cards" aria-busy={providers.isPending}>
          {providers.isPending && <Waiting />}
          {all.map((provider) => (
            <ProviderCard
              key={provider.name}
              provider={provider}
              paidCalls={paidCalls}
              open={provider.name === open}
              onToggle={() => onOpen(provider.name === open ? undefined : provider.name)}
            />
          ))}
        </ul>
      </section>
      <Spending providers={all} />
      {house.data && <Budgets key={JSON.stringify(house.data.budgets)} house={house.data} providers={all} />}
      {house.data && <Recording house={house.data} />}
    </Page>
  )
}

/** Whether somebody but the troupe can be cast on it. */
const plays = ({ scripted, state, models }: Provider) => !scripted && state !== 'unset' && models.length > 0

/** What the figures of the rows are; on a phone each row says it itself. */
function Columns() {
  const { columns } = admin
  return (
    <div className="provider-card-columns t-caption" aria-hidden="true">
      <span>{columns.state}</span>
      <span>{columns.models}</span>
      <span>{columns.speed}</span>
      <span>{columns.spent}</span>
      <span>{columns.key}</span>
    </div>
  )
}

/** The frame of what is coming: hairlines, nothing that shimmers. */
function Waiting() {
  return (
    <>
      {['a', 'b', 'c', 'd', 'e', 'f'].map((each) => (
        <li key={each} className="provider-card provider-card-waiting" aria-hidden="true" />
      ))}
    </>
  )
}
