/** A persona as a file of one's own: for another Chimera, or as a picture that other houses read. */
import { studio } from '#messages/studio.ts'
import { Button } from '#ui/Button.tsx'
import { Menu } from '#ui/Menu.tsx'

const FORMATS = Object.entries(studio.formats)

export function Download({ id, slug }: { readonly id: string; readonly slug: string }) {
  const save = (format: string) => {
    const link = document.createElement('a')
    link.href = `/api/v1/personas/${id}/export?format=${format}`
    link.download = `${slug}.${format.endsWith('png') ? 'png' : 'json'}`
    link.click()
  }
  return (
    <Menu
      label={studio.download}
      trigger={<Button>{studio.download}</Button>}
      items={FORMATS.map(([format, label]) => ({ id: format, label, onSelect: () => save(format) }))}
    />
  )
}
