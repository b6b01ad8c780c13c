/** Keeps the end of the script in sight while the viewer wants it there. */
import { type RefObject, useCallback, useEffect, useMemo, useRef } from 'react'
import { useScriptPosition } from './scriptPosition.tsx'

/** So near to the end counts as being there. */
const NEAR_PX = 40
const LETS_GO = new Set(['PageUp', 'Home', 'ArrowUp'])

function distance(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight
}

/** More than any script is high: the browser stops at its end, and nobody has to ask how high that is. */
const BOTTOM = 1e9

/** Keys that scroll the script itself. */
const SCROLLS = new Set(['PageUp', 'PageDown', 'Home', 'End', 'ArrowUp', 'ArrowDown', ' '])

/** What is shorter than the view stands at its lower edge: moved there as light is, so that nothing is laid out anew. */
function sink(view: HTMLElement, body: HTMLElement): void {
  const room = view.clientHeight - body.offsetHeight
  const place = room > 0 ? `0 ${room}px` : ''
  if (body.style.translate !== place) body.style.translate = place
}

/** `body` is all that is scrolled in `scroller`. */
export function usePinning(scroller: RefObject<HTMLElement | null>, body: RefObject<HTMLElement | null>) {
  const { pinned, setPinned } = useScriptPosition()
  const now = useRef({ pinned, touching: false, dragging: false, top: 0, touchY: 0 })
  /** Whether the script stands where the viewer scrolled it, not where a command brought it. */
  const byHand = useRef(false)
  useEffect(() => {
    now.current.pinned = pinned
  }, [pinned])

  const follow = useCallback(() => {
    const element = scroller.current
    if (!element || !body.current) return
    sink(element, body.current)
    // While a finger is down nothing is corrected: it would fight the scrolling.
    if (now.current.pinned && !now.current.touching) element.scrollTop = BOTTOM
  }, [scroller, body])

  const change = useCallback(
    (next: boolean) => {
      now.current.pinned = next
      setPinned(next)
      if (next) follow()
    },
    [setPinned, follow],
  )

  useEffect(() => {
    if (!scroller.current || !body.current) return
    // Keyboards change the view, lines and hairlines what stands in it: both move the end.
    const sizes = new ResizeObserver(follow)
    sizes.observe(scroller.current)
    sizes.observe(body.current)
    return () => sizes.disconnect()
  }, [scroller, body, follow])

  useEffect(() => {
    const onSelect = () => {
      const selection = document.getSelection()
      const inside = selection?.anchorNode && scroller.current?.contains(selection.anchorNode)
      if (inside && !selection.isCollapsed && now.current.pinned) change(false)
    }
    document.addEventListener('selectionchange', onSelect)
    return () => document.removeEventListener('selectionchange', onSelect)
  }, [scroller, change])

  const handlers = useMemo(
    () => ({
      onWheel: (event: React.WheelEvent) => {
        byHand.current = true
        const element = scroller.current
        if (event.deltaY < 0 && element && element.scrollTop > 0) change(false)
      },
      onKeyDown: (event: React.KeyboardEvent) => {
        if (SCROLLS.has(event.key)) byHand.current = true
        if (LETS_GO.has(event.key)) change(false)
        if (event.key === 'End') change(true)
      },
      onPointerDown: () => {
        byHand.current = true
        now.current.dragging = true
        now.current.top = scroller.current?.scrollTop ?? 0
      },
      onPointerUp: () => {
        now.current.dragging = false
      },
      onTouchStart: (event: React.TouchEvent) => {
        now.current.touching = true
        now.current.touchY = event.touches[0]?.clientY ?? 0
      },
      onTouchMove: (event: React.TouchEvent) => {
        byHand.current = true
        if ((event.touches[0]?.clientY ?? 0) > now.current.touchY + 8) change(false)
      },
      onTouchEnd: () => {
        now.current.touching = false
        follow()
      },
      onScroll: () => {
        const element = scroller.current
        // Following the end scrolls too, many times a second: then there is nothing to find out.
        if (!element || (now.current.pinned && !now.current.dragging)) return
        const down = element.scrollTop >= now.current.top
        now.current.top = element.scrollTop
        if (!now.current.pinned && down && distance(element) < NEAR_PX) change(true)
        else if (now.current.pinned && now.current.dragging && !down && distance(element) > NEAR_PX)
          change(false)
      },
    }),
    [scroller, change, follow],
  )

  return { handlers, byHand, follow, toEnd: () => change(true) }
}
