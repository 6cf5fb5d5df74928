import type { DigestWords } from './digest.ts'
import { digestRoom } from './digest.ts'
import { DigestColumn, entriesPerChunk, isNothing } from './digest-column.ts'
import { DigestIndex } from './digest-index.ts'

/** Entries behind the one that was found last that are looked at first: rows come in much the same order as last time. */
const expectedNext = 8

/**
 * The share of the reserved entries that may be met elsewhere than expected before an index of hashes is made: it costs as
 * much as reading that many rows.
 */
const mostAstray = 1 / 1024

/**
 * All keys of a plan, column by column: digest of the key, hash of the row, fingerprint of the record (16 bytes each), an
 * ordinal, 16 marks (bits), and which fields change. A column takes room only for those chunks of entries in which
 * something was written to it. Entries are numbered from 0 in the order in which they were added.
 *
 * They are found by key, and by the hash of the row where `indexHashes` was called. What is looked for in the order of the
 * entries costs next to nothing; the first time that it is not makes an index, of keys or of hashes, of 6 to 12 bytes for each.
 */
export class KeyTable {
  readonly keys = new DigestColumn()
  readonly hashes = new DigestColumn()
  readonly fingerprints = new DigestColumn()
  readonly #marks: Uint16Array[] = []
  /** Plus one; 0 where there is none. */
  readonly #ordinals: (Int32Array | undefined)[] = []
  readonly #changes: (Int32Array | undefined)[] = []
  readonly #changeWords: number
  #byKey: DigestIndex | null = null
  #byHash: DigestIndex | null = null
  #expected: number
  #size = 0
  #reserved = 0
  #hasHashes = false
  /** The entry behind the one that was found last. */
  #next = 0
  /** How many entries were not found where they were expected. */
  #astray = 0

  /** `fields`: how many can change. `expected`: how many entries will come, as far as is known; more are welcome. */
  constructor(fields: number, expected = 0) {
    this.#changeWords = Math.max(1, Math.ceil(fields / 32))
    this.#expected = expected
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size
  }

  /** How many entries `reserve` made. */
  get reserved(): number {
    return this.#reserved
  }

  /** Makes the first entries, with no marks, for columns that are then filled from elsewhere. */
  reserve(entries: number): void {
    this.#size = entries
    this.#reserved = entries
    this.#expected = Math.max(this.#expected, entries)
    for (let start = 0; start < entries; start += entriesPerChunk) {
      this.#marks.push(new Uint16Array(entriesPerChunk))
    }
  }

  /** Sets the marks of the entries of a chunk, by what is kept of each: `marks` has the bits for each kept value. */
  setMarks(chunk: number, kept: Uint8Array, marks: Uint16Array): void {
    const into = this.#marks[chunk] as Uint16Array
    for (let place = 0; place < kept.length; place += 1) {
      into[place] = marks[kept[place] as number] as number
    }
  }

  /** How many entries have a mark. */
  count(mark: number): number {
    let count = 0
    for (const chunk of this.#marks) {
      for (let place = 0; place < entriesPerChunk; place += 1) {
        count += ((chunk[place] as number) >>> mark) & 1
      }
    }
    return count
  }

  /** Takes all entries away. */
  clear(): void {
    for (const column of [this.keys, this.hashes, this.fingerprints]) column.reset()
    for (const column of [this.#marks, this.#ordinals, this.#changes]) {
      for (const chunk of column) chunk?.fill(0)
    }
    this.#byKey = null
    this.#byHash = null
    this.#size = 0
    this.#reserved = 0
    this.#hasHashes = false
    this.#next = 0
    this.#astray = 0
  }

  /** The number of the entry with this key; -1 where there is none. */
  find(key: DigestWords): number {
    const end = Math.min(this.#next + expectedNext, this.#size)
    let entry = this.keys.search(key, this.#next, end)
    if (entry < 0) {
      entry = this.#keyIndex().find(key)
      if (entry >= 0) this.#astray += 1
    }
    if (entry >= 0) this.#next = entry + 1
    return entry
  }

  /** Adds an entry with no marks, no ordinal, no hash and no fingerprint. Its key must not be there yet. */
  add(key: DigestWords): number {
    // Before the entry is there: what is made late takes in all that are.
    const index = this.#keyIndex()
    const entry = this.#append(key)
    index.add(entry)
    return entry
  }

  /** Makes an entry that takes the place of another: with its key and marks. Of the other one nothing is left. */
  supersede(entry: number): number {
    const key = digestRoom()
    this.keys.copy(entry, key)
    const successor = this.#append(key)
    this.#byKey?.replace(entry, successor)
    this.#setMarks(successor, this.#marksOf(entry))
    this.#setMarks(entry, 0)
    this.keys.clear(entry)
    this.hashes.clear(entry)
    return successor
  }

  /** Makes `findHash` find the entries that were reserved, by the hashes that they have. */
  indexHashes(): void {
    this.#hasHashes = true
    this.#next = 0
    this.#astray = 0
  }

  /** Whether `findHash` finds anything. */
  get hasHashes(): boolean {
    return this.#hasHashes
  }

  /** An entry whose row had this hash; -1 where there is none, or where it is better to look for the row's key. */
  findHash(hash: DigestWords): number {
    if (!this.#hasHashes || isNothing(hash)) return -1
    const end = Math.min(this.#next + expectedNext, this.#reserved)
    let entry = this.hashes.search(hash, this.#next, end)
    if (entry < 0 && this.#astray >= Math.floor(this.#reserved * mostAstray)) {
      entry = this.#hashIndex().find(hash)
    }
    if (entry >= 0) this.#next = entry + 1
    return entry
  }

  /** An entry whose row had this hash, and which does not have the mark; -1 where there is none. */
  findUnmarked(hash: DigestWords, mark: number): number {
    for (const entry of this.#hashIndex().findAll(hash)) {
      if (!this.isMarked(entry, mark)) return entry
    }
    return -1
  }

  /** The ordinal that was set; -1 where none was. */
  ordinal(entry: number): number {
    const chunk = this.#ordinals[chunkOf(entry)]
    return chunk === undefined ? -1 : (chunk[placeOf(entry)] as number) - 1
  }

  setOrdinal(entry: number, ordinal: number): void {
    const number = chunkOf(entry)
    this.#ordinals[number] ??= new Int32Array(entriesPerChunk)
    this.#ordinals[number][placeOf(entry)] = ordinal + 1
  }

  isMarked(entry: number, mark: number): boolean {
    return (this.#marksOf(entry) & (1 << mark)) !== 0
  }

  mark(entry: number, mark: number): void {
    this.#setMarks(entry, this.#marksOf(entry) | (1 << mark))
  }

  /** Sets several marks at once: `marks` has their bits. */
  markAll(entry: number, marks: number): void {
    this.#setMarks(entry, this.#marksOf(entry) | marks)
  }

  unmark(entry: number, mark: number): void {
    this.#setMarks(entry, this.#marksOf(entry) & ~(1 << mark))
  }

  /** Whether the operation on the entry's key changes a field, by its number. */
  changes(entry: number, field: number): boolean {
    const at = placeOf(entry) * this.#changeWords + (field >>> 5)
    return ((this.#changes[chunkOf(entry)]?.[at] ?? 0) & (1 << (field & 31))) !== 0
  }

  markChange(entry: number, field: number): void {
    const number = chunkOf(entry)
    this.#changes[number] ??= new Int32Array(entriesPerChunk * this.#changeWords)
    const chunk = this.#changes[number]
    const at = placeOf(entry) * this.#changeWords + (field >>> 5)
    chunk[at] = (chunk[at] as number) | (1 << (field & 31))
  }

  #append(key: DigestWords): number {
    const entry = this.#size
    this.#marks[chunkOf(entry)] ??= new Uint16Array(entriesPerChunk)
    this.keys.set(entry, key)
    this.#size += 1
    return entry
  }

  #keyIndex(): DigestIndex {
    this.#byKey ??= indexOf(this.keys, this.#size, Math.max(this.#expected, this.#size))
    return this.#byKey
  }

  #hashIndex(): DigestIndex {
    this.#byHash ??= indexOf(this.hashes, this.#reserved, this.#reserved)
    return this.#byHash
  }

  #marksOf(entry: number): number {
    return (this.#marks[chunkOf(entry)] as Uint16Array)[placeOf(entry)] as number
  }

  #setMarks(entry: number, marks: number): void {
    const chunk = this.#marks[chunkOf(entry)] as Uint16Array
    chunk[placeOf(entry)] = marks
  }
}

/** `expected`: how many entries it will have, as far as is known. */
function indexOf(column: DigestColumn, entries: number, expected: number): DigestIndex {
  const index = new DigestIndex(column, expected)
  for (let entry = 0; entry < entries; entry += 1) if (!column.isEmpty(entry)) index.add(entry)
  return index
}

const chunkMask = entriesPerChunk - 1
const chunkBits = Math.log2(entriesPerChunk)

function chunkOf(entry: number): number {
  return entry >>> chunkBits
}

function placeOf(entry: number): number {
  return entry & chunkMask
}
