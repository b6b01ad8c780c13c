/** Names the page in the browser's tab for as long as a screen is shown. */
import { useEffect } from 'react'

export function useTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · Chimera`
  }, [title])
}
