/** Short notices at the edge of the page; the code that shows them is fetched when the first one is due. */

export interface Notice {
  readonly text: string
  readonly tone?: 'plain' | 'error'
  readonly action?: { readonly label: string; readonly run: () => void }
}

/** Shows a notice. Errors stay until dismissed, others go by themselves. */
export async function notify({ text, tone = 'plain', action }: Notice): Promise<void> {
  const [{ toast }, { showToaster }] = await Promise.all([import('sonner'), import('./Toaster.tsx')])
  await showToaster()
  const options = {
    ...(action ? { action: { label: action.label, onClick: action.run } } : {}),
    ...(tone === 'error' ? { duration: Number.POSITIVE_INFINITY } : {}),
  }
  if (tone === 'error') toast.error(text, options)
  else toast(text, options)
}
