/** Draws a picture anew, small enough to be sent: what the camera wrote beside it (place, time, device) stays here. */
import { pictures as words } from '#messages/pictures.ts'
import { fitted, taken } from '../model/pictures.ts'

const QUALITY = 0.86

export interface Shrunk {
  readonly url: string
  readonly width: number
  readonly height: number
}

function blobOf(canvas: HTMLCanvasElement, type: string): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY))
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(blob)
  })
}

/** The picture as a data URL; null for a file this browser cannot read. */
async function shrink(file: Blob): Promise<Shrunk | null> {
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch {
    return null
  }
  const { width, height } = fitted(bitmap)
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  // A browser that cannot write WebP answers with PNG, which is large: then JPEG.
  const webp = await blobOf(canvas, 'image/webp')
  const blob = webp?.type === 'image/webp' ? webp : await blobOf(canvas, 'image/jpeg')
  return blob && { url: await dataUrl(blob), width, height }
}

export interface Prepared {
  readonly pictures: readonly Shrunk[]
  /** What could not be taken, in words. */
  readonly problem: string | null
}

/** All that can be shown of the offered files, beside those already there. */
export async function prepare(offered: readonly File[], present: number): Promise<Prepared> {
  const { files, left } = taken(offered, present)
  const read = await Promise.all(files.map(shrink))
  const pictures = read.filter((each) => each !== null)
  const unread = pictures.length < read.length
  return { pictures, problem: unread ? words.left.unread : left === null ? null : words.left[left] }
}
