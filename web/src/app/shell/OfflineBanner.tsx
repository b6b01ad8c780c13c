/** Says that there is no line, for as long as there is none. */
import { useOnline } from '#lib/useOnline.ts'
import { en } from '#messages/en.ts'
import { Banner } from '#ui/Banner.tsx'

export function OfflineBanner() {
  return <Banner show={!useOnline()}>{en.shell.offline}</Banner>
}
