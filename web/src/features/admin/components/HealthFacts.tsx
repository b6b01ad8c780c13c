/** How recent calls to a provider went. */
import type { ReactNode } from 'react'
import type { Provider } from '#lib/api/types.ts'
import { sayWhen } from '#lib/when.ts'
import { admin } from '#messages/admin.ts'
import { failing } from '../model/light.ts'

function Fact({ what, children }: { readonly what: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{what}</dt>
      <dd>{children}</dd>
    </div>
  )
}

export function HealthFacts({ provider }: { readonly provider: Provider }) {
  const { health, breaker, breaker_until } = provider
  const { facts } = admin
  const failures = Object.entries(health.failures ?? {}).toSorted(([, a], [, b]) => b - a)
  const until = breaker_until == null ? null : new Date(breaker_until)
  return (
    <section className="health">
      <h4 className="t-caption">{admin.health}</h4>
      {health.calls === 0 ? (
        <p className="field-hint">{admin.noCalls}</p>
      ) : (
        <dl className="facts">
          <Fact what={facts.calls}>{admin.calls(health.calls)}</Fact>
          {health.p50_ms != null && (
            <Fact what={facts.first}>
              <span title={facts.firstHint}>{admin.speed(health.p50_ms, health.p95_ms ?? null)}</span>
            </Fact>
          )}
          {health.tokens_per_s != null && (
            <Fact what={facts.speed}>{admin.perSecond(health.tokens_per_s)}</Fact>
          )}
          <Fact what={facts.failed}>
            {admin.calls(health.errors)}
            {failures.map(([code, count]) => (
              <span key={code} className="fact-tag" title={code}>
                {admin.failure(code)} {admin.calls(count)}
              </span>
            ))}
          </Fact>
          {breaker && !provider.scripted && (
            <Fact what={facts.breaker}>
              {breaker === 'open'
                ? admin.breaker.open(until)
                : admin.breaker[breaker === 'closed' && failing(provider) ? 'failing' : breaker]}
            </Fact>
          )}
          {health.last_failure_at != null && (
            <Fact what={facts.last}>
              {sayWhen(health.last_failure_at, new Date())}
              {health.last_failure != null && (
                <span className="fact-more">{admin.failure(health.last_failure)}</span>
              )}
            </Fact>
          )}
        </dl>
      )}
    </section>
  )
}
