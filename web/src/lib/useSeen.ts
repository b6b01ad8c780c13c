/** Whether an element has come into view yet; for asking only for what is looked at. */
import { type RefCallback, useCallback, useState } from 'react'

export function useSeen(): readonly [RefCallback<Element>, boolean] {
  const [seen, setSeen] = useState(false)
  const watch = useCallback<RefCallback<Element>>((element) => {
    if (!element) return
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) {
        setSeen(true)
        observer.disconnect()
      }
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [watch, seen]
}
