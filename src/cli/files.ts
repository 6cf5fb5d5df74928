import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { ConfigurationError } from '../connector/index.ts'

/** True where `path` is something else than a file: a pipe or a device, which must not be replaced. */
async function isSpecial(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile()
  } catch {
    return false
  }
}

/**
 * Writes a file so that nobody ever sees half of it: beside it first, then renamed. Pipes and devices are written
 * straight. Throws `ConfigurationError` where it cannot be written.
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const straight = await isSpecial(path)
  const written = straight ? path : `${path}.${process.pid}.tmp`
  const stream = createWriteStream(written, { flags: straight ? 'r+' : 'w' })
  let failure: NodeJS.ErrnoException | null = null
  stream.on('error', (error) => {
    failure = error
  })
  try {
    await pipeline(pieces, stream)
    if (!straight) await rename(written, path)
  } catch (error) {
    if (!straight) await rm(written, { force: true })
    const refused =
      failure ?? ((error as NodeJS.ErrnoException).syscall === 'rename' ? error : null)
    if (refused === null) throw error
    throw new ConfigurationError(
      `Cannot write ${path} (${(refused as NodeJS.ErrnoException).code ?? 'unknown'}). Name a file in a folder that exists and is writable.`,
      { cause: error },
    )
  }
}
