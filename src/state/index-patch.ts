import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import * as z from 'zod/mini'
import {
  type IndexChanges,
  type IndexSection,
  indexFlag,
  indexSectionNames,
  indexSections,
} from '../plan/interfaces.ts'
import { headBytes, readHead, writeHead } from './file-head.ts'
import { replaceWhole } from './whole-file.ts'

const magic = 'millrace index patch 1'

const headOf = z.strictObject({
  token: z.string(),
  base: z.string(),
  gone: z.int().check(z.nonnegative()),
  added: z.int().check(z.nonnegative()),
  /** Absent in files of older releases. */
  disorder: z.optional(z.int().check(z.nonnegative())),
  checksum: z.int().check(z.nonnegative()),
})

/** By what an index has changed since its file was written. */
export interface IndexPatch {
  readonly token: string
  /** The entries of the file that are no more, ascending. */
  readonly gone: Uint32Array
  /** How many entries lie behind those of the file. */
  readonly added: number
  /** As in `IndexContent`. */
  readonly disorder: number
  /** The bytes of each section for them. */
  readonly sections: ReadonlyMap<IndexSection, Uint8Array>
}

/** Where the patch of an index's file lies. */
export function patchFile(file: string): string {
  return `${file}.patch`
}

/**
 * Reads the patch of an index's file, whole. `base`: stands for that file; null where there is none, or none of this very
 * file, or a damaged one.
 */
export async function readPatch(file: string, base: string): Promise<IndexPatch | null> {
  let handle: FileHandle | null = null
  try {
    handle = await open(patchFile(file), 'r')
    const head = await readHead(handle, magic, headOf)
    if (head === null || head.base !== base) return null
    const { token, gone, added, disorder = 0, checksum } = head
    const { size } = await handle.stat()
    if (size !== headBytes + sizeOf(gone, added)) return null
    const bytes = new Uint8Array(size - headBytes)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, headBytes)
    if (bytesRead < bytes.length || crc32(bytes) !== checksum) return null
    return {
      token,
      added,
      disorder,
      gone: new Uint32Array(bytes.buffer, 0, gone),
      sections: split(bytes, gone, added),
    }
  } catch {
    // As good as none: what is in the index's file is then known to be old.
    return null
  } finally {
    await handle?.close()
  }
}

/**
 * Writes the patch of an index's file in place of the one there is, whole or not at all; only this user may read it. Throws
 * what the file system throws.
 */
export async function writePatch(file: string, base: string, patch: IndexPatch): Promise<void> {
  const { token, gone, added, disorder } = patch
  const bytes = new Uint8Array(sizeOf(gone.length, added))
  new Uint32Array(bytes.buffer, 0, gone.length).set(gone)
  for (const [section, room] of split(bytes, gone.length, added)) {
    room.set(patch.sections.get(section) ?? [])
  }
  const head = { token, base, gone: gone.length, added, disorder, checksum: crc32(bytes) }
  await replaceWhole(patchFile(file), async (handle) => {
    await handle.write(bytes, 0, bytes.length, headBytes)
    await writeHead(handle, magic, head)
  })
}

/**
 * The patch that says what another one says, and by what the index has changed since. `entries`: how many the file has.
 * Null where it would take away or add more than `most` entries.
 */
export async function extendPatch(
  before: IndexPatch | null,
  entries: number,
  changes: IndexChanges,
  token: string,
  most: number,
): Promise<IndexPatch | null> {
  const end = placeIn(changes.gone, entries)
  const gone = joined(before?.gone ?? new Uint32Array(), changes.gone.subarray(0, end))
  const kept = rangesWithout(
    before?.added ?? 0,
    changes.gone.subarray(end).map((entry) => entry - entries),
  )
  const added = kept.reduce((sum, [first, next]) => sum + next - first, changes.added)
  if (Math.max(gone.length, added) > most) return null
  const news = await changes.sections()
  const sections = new Map<IndexSection, Uint8Array>()
  for (const section of indexSectionNames) {
    const width = indexSections[section]
    const bytes = new Uint8Array(added * width)
    const old = before?.sections.get(section) ?? new Uint8Array()
    let at = 0
    for (const [first, next] of kept) {
      bytes.set(old.subarray(first * width, next * width), at)
      at += (next - first) * width
    }
    bytes.set(news.get(section) ?? new Uint8Array(), at)
    sections.set(section, bytes)
  }
  return { token, gone, added, disorder: changes.disorder, sections }
}

/** Two lists of numbers as one, ascending, without repetition. */
function joined(one: Uint32Array, other: Uint32Array): Uint32Array {
  const all = new Uint32Array(one.length + other.length)
  all.set(one)
  all.set(other, one.length)
  return all.sort().filter((number, place) => place === 0 || number !== all[place - 1])
}

/** The numbers from 0 to `end`, without some ascending ones, as ranges: the first number, and the one behind the last. */
function rangesWithout(end: number, without: Uint32Array): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = []
  let first = 0
  for (const number of [...without, end]) {
    if (number > first) ranges.push([first, number])
    first = number + 1
  }
  return ranges
}

/**
 * Puts what a patch has into the part of a section that was read, or has room, from an entry on. `entries`: how many are in
 * the file.
 */
export function applyPatch(
  { gone, sections }: IndexPatch,
  entries: number,
  section: IndexSection,
  first: number,
  read: Uint8Array,
): void {
  const width = indexSections[section]
  const end = first + read.length / width
  for (let at = placeIn(gone, first); at < gone.length && (gone[at] as number) < end; at += 1) {
    const place = ((gone[at] as number) - first) * width
    read.fill(section === 'flags' ? indexFlag.gone : 0, place, place + width)
  }
  const behind = Math.max(first, entries)
  if (behind >= end) return
  const bytes = sections.get(section) ?? new Uint8Array()
  const part = bytes.subarray((behind - entries) * width, (end - entries) * width)
  read.set(part, (behind - first) * width)
}

/** How many of some ascending numbers are less than another. */
function placeIn(numbers: Uint32Array, number: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] as number) < number) low = middle + 1
    else high = middle
  }
  return low
}

function sizeOf(gone: number, added: number): number {
  return (
    gone * 4 + indexSectionNames.reduce((sum, section) => sum + indexSections[section] * added, 0)
  )
}

/** The sections in the bytes of a patch. */
function split(
  bytes: Uint8Array,
  gone: number,
  added: number,
): ReadonlyMap<IndexSection, Uint8Array> {
  let at = gone * 4
  const found = new Map<IndexSection, Uint8Array>()
  for (const section of indexSectionNames) {
    const end = at + indexSections[section] * added
    found.set(section, bytes.subarray(at, end))
    at = end
  }
  return found
}
