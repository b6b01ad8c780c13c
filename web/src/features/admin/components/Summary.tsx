/** The state of the house in three figures, and the one switch that ends all paying. */
import clsx from 'clsx'
import type { HouseSwitches, Provider, Spending as SpendingFigures } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { sayMoney } from '#messages/money.ts'
import { Meter } from '#ui/Meter.tsx'
import { Switch } from '#ui/Switch.tsx'
import { usePatchHouse } from '../api/mutations.ts'
import { standing } from '../model/light.ts'
import './Summary.css'

type Sum = SpendingFigures['today']

export interface SummaryProps {
  readonly providers: readonly Provider[]
  readonly house: HouseSwitches | undefined
  /** Null while it is not known. */
  readonly today: Sum | null
  readonly month: Sum | null
}

export function Summary({ providers, house, today, month }: SummaryProps) {
  const patch = usePatchHouse()
  const stopped = house?.paid_calls === false
  const ready = providers.filter((each) => standing(each, !stopped).light === 'ready').length
  const limit = house?.budgets.house_day ?? null
  const over = limit !== null && today !== null && today.amount >= limit
  return (
    <section className={clsx('summary', stopped && 'summary-stopped')} aria-label={admin.caption}>
      <dl className="summary-figures">
        <div>
          <dt className="t-caption">{admin.ready}</dt>
          <dd className="t-figure">{providers.length === 0 ? admin.none : ready}</dd>
          <dd className="t-small">{admin.readyOf(providers.length)}</dd>
        </div>
        <div>
          <dt className="t-caption">{admin.today}</dt>
          <dd className="t-figure">{today === null ? admin.none : sayMoney(today.amount)}</dd>
          <dd className="t-small">
            {limit === null ? admin.noLimit : over ? admin.overLimit(limit) : admin.ofLimit(limit)}
            {today?.estimated && `, ${admin.partly}`}
            {limit !== null && today !== null && (
              <Meter
                className={clsx(over && 'summary-over')}
                label={`${admin.today}, ${admin.ofLimit(limit)}`}
                value={today.amount / limit}
              />
            )}
          </dd>
        </div>
        <div>
          <dt className="t-caption">{admin.month}</dt>
          <dd className="t-figure">{month === null ? admin.none : sayMoney(month.amount)}</dd>
          <dd className="t-small">
            {admin.monthName(new Date())}
            {month?.estimated && `, ${admin.partly}`}
          </dd>
        </div>
      </dl>
      <Switch
        label={admin.stopAll}
        hint={stopped ? admin.stoppedAbout : admin.stopAllHint}
        checked={stopped}
        onChange={(stop) => patch.mutate({ paid_calls: !stop })}
      />
    </section>
  )
}
