/** The sheet behind a line: its route, its price, its times, and every recorded call that was made for it. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { houseQuery } from '#lib/api/house.ts'
import { behind } from '#messages/behind.ts'
import { failures } from '#messages/failures.ts'
import { providerTitle } from '#messages/minds.ts'
import { sayCost } from '#messages/money.ts'
import { stage } from '#messages/stage.ts'
import { Sheet } from '#ui/Dialog.tsx'
import { ErrorNote } from '#ui/ErrorNote.tsx'
import { turnCallsQuery } from '../api/queries.ts'
import { unsaid } from '../model/recorded.ts'
import { Call } from './Call.tsx'
import type { Subject } from './lookBehind.tsx'
import { useView } from './playing.tsx'
import { Recast } from './Recast.tsx'
import { Why } from './Why.tsx'
import './Behind.css'

export interface BehindProps {
  readonly subject: Subject
  readonly onClose: () => void
}

export default function Behind({ subject, onClose }: BehindProps) {
  const { state } = useView()
  const turnId = subject.kind === 'line' ? subject.turnId : subject.what.turnId
  const who = subject.kind === 'line' ? subject.participantId : subject.what.participantId
  const seat = state.participants.find(({ id }) => id === who)
  const name = seat?.name ?? ''
  return (
    <Sheet
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={behind.title(name)}
      className="behind"
    >
      <Facts subject={subject} />
      {seat && state.status !== 'ended' && (
        <p className="behind-seat">
          {behind.seat} <Recast state={state} participant={seat} />
        </p>
      )}
      {turnId !== null && <Why state={state} turnId={turnId} seq={subject.seq} name={name} />}
      {turnId !== null && <Calls conversationId={state.id} turnId={turnId} subject={subject} />}
    </Sheet>
  )
}

function Fact({ what, children }: { readonly what: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{what}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Facts({ subject }: { readonly subject: Subject }) {
  if (subject.kind === 'direction') {
    const { code, detail } = subject.what
    return (
      <dl className="behind-facts">
        <Fact what={behind.failed}>{failures.reason(code)}</Fact>
        <Fact what={behind.reason}>{failures.details(code, detail)}</Fact>
        <Fact what={behind.at}>{stage.time(new Date(subject.at))}</Fact>
      </dl>
    )
  }
  const { route, usage, timings, signals, scripted, at } = subject
  const found = behind.read(signals?.acts ?? [], signals?.emotion ?? null)
  return (
    <dl className="behind-facts">
      <Fact what={behind.playedBy}>
        {scripted || !route ? behind.troupe : behind.route(route.model, providerTitle(route.provider))}
      </Fact>
      {route?.understudy_for && (
        <Fact what={behind.insteadOf}>
          {behind.lead(route.understudy_for)}
          <span className="behind-more">{behind.why(route.why ?? '')}</span>
        </Fact>
      )}
      {timings && <Fact what={behind.took}>{behind.times(timings.first_token_ms, timings.duration_ms)}</Fact>}
      {usage && !scripted && (
        <>
          <Fact what={behind.tokens}>
            {behind.inOut(usage.input_tokens, usage.output_tokens)}
            {(usage.cached_tokens ?? 0) > 0 && (
              <span className="behind-more">{behind.cached(usage.cached_tokens ?? 0)}</span>
            )}
          </Fact>
          <Fact what={behind.cost}>
            {usage.cost == null
              ? behind.unknown
              : usage.cost === 0
                ? behind.free
                : sayCost(usage.cost, usage.estimated ?? false)}
          </Fact>
        </>
      )}
      {found !== '' && <Fact what={behind.found}>{found}</Fact>}
      <Fact what={behind.at}>{stage.time(new Date(at))}</Fact>
    </dl>
  )
}

interface CallsProps {
  readonly conversationId: string
  readonly turnId: string
  readonly subject: Subject
}

function Calls({ conversationId, turnId, subject }: CallsProps) {
  const { data: calls, error, isPending, refetch } = useQuery(turnCallsQuery(conversationId, turnId))
  const { data: house } = useQuery(houseQuery())
  const lost = subject.kind === 'line' ? unsaid(calls ?? [], subject) : new Set()
  return (
    <section className="behind-calls" aria-busy={isPending}>
      <h3 className="t-caption">{behind.calls}</h3>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {calls?.length === 0 && (
        <p className="field-hint">
          {house?.record_calls ? behind.noneRecorded : behind.notRecorded}{' '}
          {house?.record_calls === false && <Link to="/admin/providers">{behind.switchOn}</Link>}
        </p>
      )}
      {calls?.map((call, index) => (
        <Call
          key={call.id}
          call={call}
          attempt={index + 1}
          open={index === calls.length - 1}
          unsaid={lost.has(call.id)}
        />
      ))}
    </section>
  )
}
