/** The place where notices appear, put into the page when the first one is due. */
import { createRoot } from 'react-dom/client'
import { Toaster } from 'sonner'
import { en } from '#messages/en.ts'
import './Toaster.css'

const ID = 'notices'

/** They come from above, below the head of the page: at its foot people write. */
const HEAD = { top: 68 }

/** Resolves once the place is there; later calls find it. */
export async function showToaster(): Promise<void> {
  if (document.getElementById(ID)) return
  const host = document.createElement('div')
  host.id = ID
  document.body.append(host)
  createRoot(host).render(
    <Toaster
      position="top-center"
      offset={HEAD}
      mobileOffset={HEAD}
      closeButton
      containerAriaLabel={en.common.notices}
      toastOptions={{ classNames: { toast: 'toast', error: 'toast-error' } }}
    />,
  )
  // A notice given before the place is drawn would be lost.
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}
