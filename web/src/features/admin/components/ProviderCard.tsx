/** One provider: a row with its light and figures, and behind it the key, the models, the health and the limits. */
import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import { useId } from 'react'
import type { Provider } from '#lib/api/types.ts'
import { admin } from '#messages/admin.ts'
import { sayCost } from '#messages/money.ts'
import { hasAddress, isPaid, standing } from '../model/light.ts'
import { HealthFacts } from './HealthFacts.tsx'
import { KeyForm } from './KeyForm.tsx'
import { LimitsForm } from './LimitsForm.tsx'
import { ModelList } from './ModelList.tsx'
import { Pulls } from './Pulls.tsx'
import './ProviderCard.css'

export interface ProviderCardProps {
  readonly provider: Provider
  readonly paidCalls: boolean
  readonly open: boolean
  readonly onToggle: () => void
}

export function ProviderCard({ provider, paidCalls, open, onToggle }: ProviderCardProps) {
  const id = useId()
  const { title, local, scripted, models, detail } = provider
  const { light, text } = standing(provider, paidCalls)
  return (
    <li className={clsx('provider-card', open && 'provider-card-open')}>
      <div className="provider-card-row">
        <span className={`provider-card-light provider-card-${light}`} aria-hidden="true" />
        <h3 className="provider-card-name">
          <button type="button" aria-expanded={open} aria-controls={id} onClick={onToggle}>
            {title}
          </button>
          {local && !scripted && <span className="provider-card-tag">{admin.local}</span>}
        </h3>
        <p className="provider-card-state">{text}</p>
        <Figures provider={provider} />
        <ChevronDown className="provider-card-arrow" aria-hidden="true" />
      </div>
      <div id={id} className="provider-card-more" hidden={!open}>
        {open && (
          <>
            {detail && light !== 'ready' && <p className="provider-card-detail">{detail}</p>}
            <div className="provider-card-parts">
              {(provider.wants_key || hasAddress(provider)) && <KeyForm provider={provider} />}
              <HealthFacts provider={provider} />
            </div>
            {!scripted && (models.length > 0 || provider.state === 'ready') && (
              <ModelList provider={provider} />
            )}
            {provider.name === 'ollama' && provider.state === 'ready' && <Pulls name={provider.name} />}
            {!scripted && <LimitsForm provider={provider} />}
          </>
        )}
      </div>
    </li>
  )
}

function Figures({ provider }: { readonly provider: Provider }) {
  const { models, scripted, health, credential, spent_today } = provider
  const { columns } = admin
  const said = [
    [columns.models, scripted || models.length === 0 ? admin.none : admin.models(models.length)],
    [columns.speed, health.p50_ms == null ? admin.none : admin.speed(health.p50_ms, health.p95_ms ?? null)],
    [
      columns.spent,
      provider.state === 'unset'
        ? admin.none
        : isPaid(provider)
          ? sayCost(spent_today.amount, spent_today.estimated)
          : admin.free,
    ],
    [columns.key, credential == null ? admin.none : admin.keyEnds(credential.last4)],
  ] as const
  return (
    <dl className="provider-card-figures">
      {said.map(([what, value]) => (
        <div key={what} data-none={value === admin.none || undefined}>
          <dt>{what}</dt>
          <dd className="t-time">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
