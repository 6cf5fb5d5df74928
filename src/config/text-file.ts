import { open, readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'

const largest = 1024 * 1024

/** What became of reading a file: its text, or why there is none, as the end of a sentence. */
export type FileText = { readonly text: string } | Unreadable

interface Unreadable {
  readonly text: null
  readonly fault: string
  readonly missing: boolean
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

function unreadable(error: unknown): Unreadable {
  const code = codeOf(error)
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return { text: null, fault: 'is not UTF-8 text; save it as UTF-8', missing: false }
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return { text: null, fault: 'does not exist', missing: true }
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return { text: null, fault: 'may not be read by this user', missing: false }
  }
  if (code === 'EISDIR') return { text: null, fault: 'is a folder, not a file', missing: false }
  if (code === undefined) throw error
  return { text: null, fault: `cannot be read (${code})`, missing: false }
}

/** Reads a file that a person wrote: UTF-8, with or without byte order mark, up to 1 MiB. */
export async function readTextFile(path: string): Promise<FileText> {
  try {
    // Asked first: opening a pipe would wait for whoever writes to it.
    const kind = await stat(path)
    if (!kind.isFile() && !kind.isDirectory()) {
      return { text: null, fault: 'is no ordinary file', missing: false }
    }
    const handle = await open(path)
    try {
      const { size } = await handle.stat()
      if (size > largest) {
        const fault = `is too large (${(size / largest).toFixed(1)} MiB); at most 1 MiB is read`
        return { text: null, fault, missing: false }
      }
      const bytes = await handle.readFile()
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
    } finally {
      await handle.close()
    }
  } catch (error) {
    return unreadable(error)
  }
}

/** The YAML files of a folder, or why there are none, as the end of a sentence. */
export type YamlFiles =
  | { readonly files: readonly string[] }
  | { readonly files: null; readonly fault: string }

/** Every YAML file in a folder and below it, absolute and sorted; names that start with a dot are left out. */
export async function yamlFilesIn(folder: string): Promise<YamlFiles> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries
      .filter((entry) => !entry.isDirectory() && /\.ya?ml$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/(^|[\\/])\./.test(relative(folder, path)))
    return { files: files.sort() }
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return { files: null, fault: 'is a file, not a folder' }
    return { files: null, fault: unreadable(error).fault }
  }
}

/** A path as people read it: relative to the project folder, with forward slashes. */
export function shownPath(folder: string, path: string): string {
  const shown = relative(folder, path)
  return (isAbsolute(shown) ? path : shown).split(sep).join('/')
}
