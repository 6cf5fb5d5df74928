import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Overflow } from '../plan/interfaces.ts'

/**
 * Makes a file for what memory is too small for, which only this user may read. Its name goes at once, so that nothing is
 * left of it however the process ends. Null where it cannot be made.
 */
export async function openOverflow(file: string): Promise<Overflow | null> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await rm(file, { force: true })
    const handle = await open(file, 'wx+', 0o600)
    // Where open files keep their names, it goes in the end.
    await rm(file, { force: true }).catch(() => {})
    return new OverflowFile(file, handle)
  } catch {
    return null
  }
}

class OverflowFile implements Overflow {
  readonly #file: string
  readonly #handle: FileHandle

  constructor(file: string, handle: FileHandle) {
    this.#file = file
    this.#handle = handle
  }

  async write(bytes: Uint8Array, at: number): Promise<boolean> {
    try {
      const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, at)
      return bytesWritten === bytes.length
    } catch {
      return false
    }
  }

  async read(into: Uint8Array, at: number): Promise<void> {
    const { bytesRead } = await this.#handle.read(into, 0, into.length, at)
    if (bytesRead < into.length) throw new Error('an overflow file was cut off')
  }

  async close(): Promise<void> {
    await this.#handle.close()
    await rm(this.#file, { force: true })
  }
}
