import { createWriteStream, rmSync } from 'node:fs'
import { access, constants, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ConfigurationError } from '../connector/index.ts'
import { stopSignals } from './signals.ts'

/** True where `path` is something else than a file: a pipe or a device, which must not be replaced. */
async function isSpecial(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile()
  } catch {
    return false
  }
}

/**
 * Writes a file so that nobody ever sees half of it: beside it first, then renamed. SIGINT and SIGTERM leave nothing of it.
 * Pipes and devices are written straight. `mode` is that of a new file, before the umask. Throws `ConfigurationError` where it cannot be written.
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<string> | Iterable<string>,
  mode = 0o666,
): Promise<void> {
  const straight = await isSpecial(path)
  const written = straight ? path : `${path}.${process.pid}.tmp`
  const stream = createWriteStream(written, { flags: straight ? 'r+' : 'w', mode })
  const release = straight ? () => {} : removeWhenStopped(written)
  try {
    await pipeline(pieces, stream)
  } catch (error) {
    if (!straight) await rm(written, { force: true })
    // What a system call refused is about the file; anything else came with the pieces.
    throw error instanceof Error && 'syscall' in error ? cannotWrite(path, error) : error
  } finally {
    release()
  }
  if (straight) return
  try {
    await rename(written, path)
  } catch (error) {
    await rm(written, { force: true })
    throw cannotWrite(path, error)
  }
}

/** Has a file removed when a signal ends the process. Returns what ends that. */
function removeWhenStopped(file: string): () => void {
  const release = (): void => {
    for (const signal of stopSignals) process.off(signal, hear)
  }
  const hear = (signal: NodeJS.Signals): void => {
    release()
    // Whoever listens too goes on, and ends the writing in his own way.
    if (process.listenerCount(signal) > 0) return
    rmSync(file, { force: true })
    process.kill(process.pid, signal)
  }
  for (const signal of stopSignals) process.on(signal, hear)
  return release
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
