/** What was spent: by day as a picture with a table behind it, by provider, by conversation. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { gelOf } from '#design/gels.ts'
import type { Provider, Spending as Spent } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { sayCost, sayMoney } from '#messages/money.ts'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { Segmented } from '#ui/Segmented.tsx'
import { spendingQuery } from '../api/queries.ts'
import { colourOf } from '../model/light.ts'
import { daysOf, payees, totalOf } from '../model/spending.ts'
import { SpendChart } from './SpendChart.tsx'
import './Spending.css'

const SPANS = ['7', '30', '90'] as const

export function Spending({ providers }: { readonly providers: readonly Provider[] }) {
  const [span, setSpan] = useState<(typeof SPANS)[number]>('30')
  const { data, error, isPending, refetch } = useQuery(spendingQuery(Number(span)))
  const titleOf = (name: string) => providers.find((each) => each.name === name)?.title ?? name
  return (
    <section className="admin-section spending" aria-labelledby="admin-spending" aria-busy={isPending}>
      <div className="admin-head">
        <h2 id="admin-spending">{admin.spending}</h2>
        <Segmented
          label={admin.spanLabel}
          hideLabel
          value={span}
          options={SPANS.map((value) => ({ value, label: admin.spans[value] }))}
          onChange={setSpan}
        />
      </div>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data && <Figures spent={data} days={Number(span)} titleOf={titleOf} />}
      {isPending && <div className="spending-waiting" aria-hidden="true" />}
    </section>
  )
}

interface FiguresProps {
  readonly spent: Spent
  readonly days: number
  readonly titleOf: (name: string) => string
}

function Figures({ spent, days: count, titleOf }: FiguresProps) {
  const names = payees(spent.days)
  const days = daysOf(spent.days, names, count, Date.now())
  if (names.length === 0) {
    return (
      <div className="spending-nothing">
        <p className="t-direction">{admin.nothingSpent}</p>
        <p className="field-hint">{admin.nothingSpentAbout}</p>
      </div>
    )
  }
  return (
    <>
      <SpendChart days={days} titleOf={titleOf} />
      <div className="spending-lists">
        <div>
          <h3 className="t-caption">{admin.byProvider}</h3>
          <ul>
            {names.map((name) => {
              const { amount, calls, tokens, estimated } = totalOf(spent.days, name)
              return (
                <li key={name} className="spending-row" data-gel={gelOf(colourOf(name))}>
                  <i aria-hidden="true" />
                  <span>
                    {titleOf(name)}
                    <span className="t-small">
                      {admin.callsOf(calls)}, {admin.tokensOf(tokens)}
                    </span>
                  </span>
                  <b>{sayCost(amount, estimated)}</b>
                </li>
              )
            })}
          </ul>
        </div>
        <div>
          <h3 className="t-caption">{admin.byConversation}</h3>
          <ul>
            {spent.conversations.slice(0, 8).map(({ id, title, amount }) => (
              <li key={id} className="spending-row">
                <Link to="/c/$id" params={{ id }}>
                  {title ?? admin.gone}
                </Link>
                <b>{sayMoney(amount)}</b>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </>
  )
}
