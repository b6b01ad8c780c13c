/** Sets a formula as MathML; the setter is fetched when the first closed formula appears. */
import { useEffect, useRef, useState } from 'react'

type Temml = typeof import('temml').default

export interface FormulaProps {
  readonly source: string
  readonly raw: string
  readonly display: boolean
  readonly set: boolean
}

export function Formula({ source, raw, display, set }: FormulaProps) {
  const place = useRef<HTMLSpanElement>(null)
  const [temml, setTemml] = useState<Temml | null>(null)

  useEffect(() => {
    if (!set) return
    let wanted = true
    import('temml').then(
      (module) => wanted && setTemml(() => module.default),
      // Offline or gone: the formula stays as written, which is readable too.
      () => undefined,
    )
    return () => {
      wanted = false
    }
  }, [set])

  useEffect(() => {
    if (temml && place.current)
      temml.render(source, place.current, { displayMode: display, throwOnError: false })
  }, [temml, source, display])

  if (!temml) return <code className="formula-source">{raw}</code>
  return <span key="set" ref={place} className={display ? 'formula formula-display' : 'formula'} />
}
