import type { DigestWords } from './digest.ts'
import { digestRoom } from './digest.ts'
import { DigestColumn, entriesPerChunk } from './digest-column.ts'
import { DigestIndex } from './digest-index.ts'

/**
 * All keys of a plan, column by column: digest of the key, hash of the row, fingerprint of the record (16 bytes each), an
 * ordinal, 16 marks (bits), and which fields change. A column takes room only for those chunks of entries in which
 * something was written to it. Entries are numbered from 0 in the order in which they were added.
 *
 * They are found by key, and by the hash of the row where `indexHashes` was called; each takes 6 to 12 bytes more.
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

  /** Makes the first entries, with no marks, for columns that are then filled chunk by chunk. */
  reserve(entries: number): void {
    this.#size = entries
    this.#reserved = entries
    this.#expected = Math.max(this.#expected, entries)
    for (let start = 0; start < entries; start += entriesPerChunk) {
      this.#marks.push(new Uint16Array(entriesPerChunk))
    }
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
  }

  /** The number of the entry with this key; -1 where there is none. */
  find(key: DigestWords): number {
    return this.#keyIndex().find(key)
  }

  /** Adds an entry with no marks, no ordinal, no hash and no fingerprint. Its key must not be there yet. */
  add(key: DigestWords): number {
    // Before the entry is there: what is made late takes in all that are.
    const index = this.#keyIndex()
    const entry = this.#append(key)
    index.add(entry)
    return entry
  }

  /** Makes an entry that takes the place of another: with its key and marks, and nothing else of it. */
  supersede(entry: number): number {
    const index = this.#keyIndex()
    const key = digestRoom()
    this.keys.copy(entry, key)
    const successor = this.#append(key)
    index.replace(entry, successor)
    this.#setMarks(successor, this.#marksOf(entry))
    this.#setMarks(entry, 0)
    this.hashes.clear(entry)
    return successor
  }

  /** Makes `findHash` find the entries that have a hash by now. */
  indexHashes(): void {
    const index = new DigestIndex(this.hashes, this.#size)
    for (let entry = 0; entry < this.#size; entry += 1) {
      if (!this.hashes.isEmpty(entry)) index.add(entry)
    }
    this.#byHash = index
  }

  /** Whether `findHash` finds anything. */
  get hasHashes(): boolean {
    return this.#byHash !== null
  }

  /** The entry whose row had this hash; -1 where there is none. */
  findHash(hash: DigestWords): number {
    return this.#byHash === null ? -1 : this.#byHash.find(hash)
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

  /** Made at the first use: a plan whose rows are all found by hash needs none. */
  #keyIndex(): DigestIndex {
    if (this.#byKey === null) {
      this.#byKey = new DigestIndex(this.keys, Math.max(this.#expected, this.#size))
      for (let entry = 0; entry < this.#size; entry += 1) this.#byKey.add(entry)
    }
    return this.#byKey
  }

  #marksOf(entry: number): number {
    return (this.#marks[chunkOf(entry)] as Uint16Array)[placeOf(entry)] as number
  }

  #setMarks(entry: number, marks: number): void {
    const chunk = this.#marks[chunkOf(entry)] as Uint16Array
    chunk[placeOf(entry)] = marks
  }
}

const chunkMask = entriesPerChunk - 1
const chunkBits = Math.log2(entriesPerChunk)

function chunkOf(entry: number): number {
  return entry >>> chunkBits
}

function placeOf(entry: number): number {
  return entry & chunkMask
}
