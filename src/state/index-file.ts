import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import * as z from 'zod/mini'
import { entriesPerChunk } from '../plan/digest-column.ts'
import {
  type IndexBasis,
  type IndexChanges,
  type IndexContent,
  type IndexSection,
  indexSections,
  type KeptIndex,
} from '../plan/interfaces.ts'
import { headBytes, readHead, writeHead } from './file-head.ts'
import {
  applyPatch,
  extendPatch,
  type IndexPatch,
  patchFile,
  readPatch,
  writePatch,
} from './index-patch.ts'
import { replaceWhole } from './whole-file.ts'

const magic = 'millrace index 2'

/** In the order in which they lie in the file: what every run reads comes first. */
const sections: readonly IndexSection[] = ['keys', 'hashes', 'flags', 'fingerprints']

/** Pieces that are read in one go. */
const piecesPerRead = 8

/** The share of the entries beyond which changes are not kept apart any more. */
const mostChanged = 0.05

const checksum = z.int().check(z.nonnegative())

const headOf = z.strictObject({
  token: z.string(),
  scope: z.string(),
  rows: z.string(),
  count: z.int().check(z.nonnegative()),
  /** Absent in files of older releases. */
  disorder: z.optional(z.int().check(z.nonnegative())),
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
    if (head !== null && size === startOf(null, head.count)) {
      const patch = await readPatch(file, identityOf(head))
      // A file that is as the snapshot is by itself does without what was to follow.
      const isAhead = patch?.token !== token && head.token === token
      return new IndexFile(file, handle, head, isAhead ? null : patch, token)
    }
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

/** Stands for just this file, whatever is written under the same token. */
function identityOf(head: Head): string {
  return JSON.stringify(head)
}

class IndexFile implements KeptIndex {
  readonly basis: IndexBasis
  readonly count: number
  readonly disorder: number
  readonly isCurrent: boolean
  readonly #file: string
  readonly #handle: FileHandle
  readonly #head: Head
  readonly #patch: IndexPatch | null

  constructor(
    file: string,
    handle: FileHandle,
    head: Head,
    patch: IndexPatch | null,
    token: string | null,
  ) {
    const { scope, rows } = head
    this.basis = { scope, rows }
    this.count = head.count + (patch?.added ?? 0)
    this.disorder = patch?.disorder ?? head.disorder ?? 0
    this.isCurrent = (patch?.token ?? head.token) === token
    this.#file = file
    this.#handle = handle
    this.#head = head
    this.#patch = patch
  }

  async *pieces(section: IndexSection): AsyncGenerator<Uint8Array> {
    const pieceBytes = entriesPerChunk * indexSections[section]
    const length = this.count * indexSections[section]
    const room = new Uint8Array(Math.min(length, pieceBytes * piecesPerRead))
    for await (const read of this.#read(section, room)) {
      for (let at = 0; at < read.length; at += pieceBytes) yield read.subarray(at, at + pieceBytes)
    }
  }

  async fill(section: IndexSection, room: Uint8Array): Promise<void> {
    for await (const _ of this.#read(section, room));
  }

  async amend(changes: IndexChanges, token: string): Promise<boolean> {
    const { count } = this.#head
    const most = count * mostChanged
    const patch = await extendPatch(this.#patch, count, changes, token, most)
    if (patch === null) return false
    await writePatch(this.#file, identityOf(this.#head), patch)
    return true
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  /** Reads a section into a room, over and over where that is smaller. Throws, in the end, where it is damaged. */
  async *#read(section: IndexSection, room: Uint8Array): AsyncGenerator<Uint8Array> {
    const { checksums, count } = this.#head
    const width = indexSections[section]
    const start = startOf(section, count)
    const inFile = count * width
    const length = this.count * width
    const most = entriesPerChunk * width * piecesPerRead
    let sum = 0
    for (let done = 0; done < length; ) {
      const at = done % room.length
      const wanted = room.subarray(at, at + Math.min(most, length - done))
      const part = wanted.subarray(0, Math.max(0, inFile - done))
      const { bytesRead } = await this.#handle.read(part, 0, part.length, start + done)
      if (bytesRead < part.length) throw new Error('an index file was cut off')
      sum = crc32(part, sum)
      if (this.#patch !== null) applyPatch(this.#patch, count, section, done / width, wanted)
      done += wanted.length
      yield wanted
    }
    if (sum !== checksums[section]) throw new Error('an index file is damaged')
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
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await replaceWhole(file, async (handle) => {
    const checksums = { keys: 0, hashes: 0, flags: 0, fingerprints: 0 }
    let at = headBytes
    for (const section of sections) {
      for await (const piece of content.pieces(section)) {
        checksums[section] = crc32(piece, checksums[section])
        await handle.write(piece, 0, piece.length, at)
        at += piece.length
      }
    }
    const { basis, count, disorder } = content
    const head: Head = { token, ...basis, count, disorder, checksums }
    await writeHead(handle, magic, head)
  })
  await rm(patchFile(file), { force: true })
}
