import { createWriteStream } from 'node:fs'
import { access, constants, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
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
 * straight. `mode` is that of a new file, before the umask. Throws `ConfigurationError` where it cannot be written.
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<string> | Iterable<string>,
  mode = 0o666,
): Promise<void> {
  const straight = await isSpecial(path)
  const written = straight ? path : `${path}.${process.pid}.tmp`
  const stream = createWriteStream(written, { flags: straight ? 'r+' : 'w', mode })
  try {
    await pipeline(pieces, stream)
  } catch (error) {
    if (!straight) await rm(written, { force: true })
    // What a system call refused is about the file; anything else came with the pieces.
    throw error instanceof Error && 'syscall' in error ? cannotWrite(path, error) : error
  }
  if (straight) return
  try {
    await rename(written, path)
  } catch (error) {
    await rm(written, { force: true })
    throw cannotWrite(path, error)
  }
}

function cannotWrite(path: string, error: unknown): ConfigurationError {
  const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
  return new ConfigurationError(
    `Cannot write ${path}${code}. Name a file in a folder that exists and is writable.`,
    { cause: error },
  )
}

/** Throws `ConfigurationError` where a file could not be written: better now than after a long run. */
export async function requireWritable(path: string): Promise<void> {
  try {
    await access((await isSpecial(path)) ? path : dirname(path), constants.W_OK)
    if ((await isSpecial(path)) && (await stat(path)).isDirectory()) {
      throw Object.assign(new Error('a folder'), { code: 'EISDIR' })
    }
  } catch (error) {
    throw cannotWrite(path, error)
  }
}
