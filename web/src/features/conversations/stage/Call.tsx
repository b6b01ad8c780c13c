/** One recorded call: what was asked, what came back, how long it took, and a copy of all of it. */
import { Check, Copy } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { RecordedCall } from '#lib/api/types.ts'
import { behind } from '#messages/behind.ts'
import { failures } from '#messages/failures.ts'
import { providerTitle } from '#messages/minds.ts'
import { Button } from '#ui/Button.tsx'
import { asked, copied } from '../model/recorded.ts'

const COPIED_MS = 2_000

function CopyCall({ call }: { readonly call: RecordedCall }) {
  const [done, setDone] = useState<boolean | null>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(copied(call))
      setDone(true)
    } catch {
      // Without https or leave the clipboard is closed to us.
      setDone(false)
    }
    setTimeout(() => setDone(null), COPIED_MS)
  }
  return (
    <Button size="small" onClick={() => void copy()}>
      {done === true ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      <span role="status">{done === null ? behind.copy : done ? behind.copied : behind.notCopied}</span>
    </Button>
  )
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="call-part">
      <h4>{title}</h4>
      {children}
    </div>
  )
}

export interface CallProps {
  readonly call: RecordedCall
  readonly attempt: number
  readonly open: boolean
  /** It answered, and something else was said. */
  readonly unsaid: boolean
}

export function Call({ call, attempt, open, unsaid }: CallProps) {
  const { provider, model, error, text, reasoning, duration_ms, first_token_ms, usage } = call
  const { system, messages, knobs } = asked(call)
  return (
    <details className="call" open={open}>
      <summary>
        <span className="call-model">
          {attempt}. {model}
        </span>
        <span className="t-small">{providerTitle(provider)}</span>
        <span className={error ? 'call-failed' : 'call-fine'}>
          {error ? failures.reason(error.code) : unsaid ? behind.unsaid : behind.answered}
        </span>
      </summary>
      <div className="call-foot">
        <span className="t-time">
          {behind.times(first_token_ms ?? null, duration_ms)}
          {usage && ` · ${behind.inOut(usage.input_tokens, usage.output_tokens)}`}
        </span>
        <CopyCall call={call} />
      </div>
      {error && (
        <Part title={behind.failed}>
          <p>{failures.details(error.code, error.message)}</p>
        </Part>
      )}
      {text !== '' && (
        <Part title={behind.answer}>
          <pre>{text}</pre>
        </Part>
      )}
      {reasoning !== '' && (
        <Part title={behind.reasoning}>
          <pre>{reasoning}</pre>
        </Part>
      )}
      <Part title={behind.system}>
        <pre>{system === '' ? behind.nothing : system}</pre>
      </Part>
      <Part title={behind.messages(messages.length)}>
        {messages.map(({ role, text: said }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a message is its place
          <div key={index} className="call-message">
            <span className="t-time">{behind.role(role)}</span>
            <pre>{said}</pre>
          </div>
        ))}
      </Part>
      {knobs.length > 0 && (
        <Part title={behind.knobs}>
          <p className="call-knobs">
            {knobs.map(([name, value]) => (
              <code key={name}>
                {name} {value}
              </code>
            ))}
          </p>
        </Part>
      )}
    </details>
  )
}
