import { type FileHandle, open, rename, unlink } from 'node:fs/promises'

/**
 * Has a file written beside the one that it then replaces, whole or not at all; only this user may read it. Nothing is
 * synced. Throws what `write` and the file system throw, and leaves nothing behind then.
 */
export async function replaceWhole(
  file: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const unfinished = `${file}.new`
  await unlink(unfinished).catch(() => {})
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await write(handle)
    await handle.close()
    await rename(unfinished, file)
  } catch (error) {
    await handle.close().catch(() => {})
    await unlink(unfinished).catch(() => {})
    throw error
  }
}
