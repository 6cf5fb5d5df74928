import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { entriesPerChunk } from '../plan/digest-column.ts'
import {
  type IndexBasis,
  type IndexContent,
  type IndexSection,
  indexSections,
  type KeptIndex,
} from '../plan/interfaces.ts'
import { headBytes, readHead, writeHead } from './file-head.ts'

const magic = 'millrace index 2'

/** In the order in which they lie in the file: what every run reads comes first. */
const sections: readonly IndexSection[] = ['keys', 'hashes', 'flags', 'fingerprints']

/** Pieces that are read in one go. */
const piecesPerRead = 8

const checksum = z.int().nonnegative()

const headOf = z.strictObject({
  token: z.string(),
  scope: z.string(),
  rows: z.string(),
  count: z.int().nonnegative(),
  checksums: z.strictObject({
    keys: checksum,
    hashes: checksum,
    flags: checksum,
    fingerprints: checksum,
  }),
})

type Head = z.infer<typeof headOf>

/**
 * Opens the index in a file. `token`: that of the snapshot, see src/state/snapshot-token.ts. Null where there is no file,
 * or none that this version wrote on a machine like this one.
 */
export async function openIndexFile(file: string, token: string | null): Promise<KeptIndex | null> {
  let handle: FileHandle | null = null
  try {
    handle = await open(file, 'r')
    const head = await readHead(handle, magic, headOf)
    const { size } = await handle.stat()
    if (head !== null && size === startOf(null, head.count))
      return new IndexFile(handle, head, token)
  } catch {
    // As good as none: whatever it would have said, the snapshot says too.
  }
  await handle?.close()
  return null
}

/** Where a section begins; for null, where the file ends. */
function startOf(section: IndexSection | null, count: number): number {
  let start = headBytes
  for (const one of sections) {
    if (one === section) return start
    start += indexSections[one] * count
  }
  return start
}

class IndexFile implements KeptIndex {
  readonly basis: IndexBasis
  readonly count: number
  readonly isCurrent: boolean
  readonly #handle: FileHandle
  readonly #checksums: Head['checksums']

  constructor(
    handle: FileHandle,
    { scope, rows, count, checksums, ...head }: Head,
    token: string | null,
  ) {
    this.basis = { scope, rows }
    this.count = count
    this.isCurrent = head.token === token
    this.#handle = handle
    this.#checksums = checksums
  }

  async *pieces(section: IndexSection): AsyncGenerator<Uint8Array> {
    const pieceBytes = entriesPerChunk * indexSections[section]
    const room = new Uint8Array(Math.min(this.#lengthOf(section), pieceBytes * piecesPerRead))
    for await (const read of this.#read(section, room)) {
      for (let at = 0; at < read.length; at += pieceBytes) yield read.subarray(at, at + pieceBytes)
    }
  }

  async fill(section: IndexSection, room: Uint8Array): Promise<void> {
    for await (const _ of this.#read(section, room));
  }

  /** Reads a section into a room, over and over where that is smaller. Throws, in the end, where it is damaged. */
  async *#read(section: IndexSection, room: Uint8Array): AsyncGenerator<Uint8Array> {
    const start = startOf(section, this.count)
    const length = this.#lengthOf(section)
    const most = entriesPerChunk * indexSections[section] * piecesPerRead
    let sum = 0
    for (let done = 0; done < length; ) {
      const at = done % room.length
      const wanted = room.subarray(at, at + Math.min(most, length - done))
      const { bytesRead } = await this.#handle.read(wanted, 0, wanted.length, start + done)
      if (bytesRead < wanted.length) throw new Error('an index file was cut off')
      sum = crc32(wanted, sum)
      done += wanted.length
      yield wanted
    }
    if (sum !== this.#checksums[section]) throw new Error('an index file is damaged')
  }

  #lengthOf(section: IndexSection): number {
    return this.count * indexSections[section]
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

/**
 * Writes an index in place of the one in the file, whole or not at all; only this user may read it. Nothing is synced:
 * what a power cut leaves of it does not fit its checksums. Throws what the file system throws.
 */
export async function writeIndexFile(
  file: string,
  content: IndexContent,
  token: string,
): Promise<void> {
  const unfinished = `${file}.new`
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await rm(unfinished, { force: true })
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    const checksums = { keys: 0, hashes: 0, flags: 0, fingerprints: 0 }
    let at = headBytes
    for (const section of sections) {
      for await (const piece of content.pieces(section)) {
        checksums[section] = crc32(piece, checksums[section])
        await handle.write(piece, 0, piece.length, at)
        at += piece.length
      }
    }
    const { basis, count } = content
    const head: Head = { token, ...basis, count, checksums }
    await writeHead(handle, magic, head)
    await handle.close()
    await rename(unfinished, file)
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(unfinished, { force: true }).catch(() => {})
    throw error
  }
}
