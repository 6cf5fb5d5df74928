import type { DigestWords } from './digest.ts'
import { digestRoom } from './digest.ts'
import { DigestColumn, entriesPerChunk, isNothing } from './digest-column.ts'
import { DigestIndex } from './digest-index.ts'
import { ExpectedPlaces } from './expected-places.ts'
import { KeySearch } from './key-search.ts'
import { isSet, mark as markOf } from './marks.ts'

/** Of how many rows the entry is looked for in vain by the hash before an index of hashes is made. */
const mostMissed = 8

/** Of how many reserved entries there is one that may be looked for in vain by the hash of its row: for small tables. */
const entriesPerMissed = 1024

/**
 * All keys of a plan, column by column: digest of the key, hash of the row, fingerprint of the record (16 bytes each), an
 * ordinal, 16 marks (bits), and which fields change. A column takes room only for those chunks of entries in which
 * something was written to it. Entries are numbered from 0 in the order in which they were added.
 *
 * They are found by key, and by the hash of the row where `indexHashes` was called. What is looked for in the order of the
 * entries costs next to nothing. Many others make an index, of keys or of hashes, of 5 to 8 bytes for each.
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
  readonly #byKey = new KeySearch(this.keys)
  #byHash: DigestIndex | null = null
  #expected: number
  #size = 0
  #reserved = 0
  #hasHashes = false
  /** Beyond how many of these an index of hashes is made. */
  #mostMissed = 0
  #places = new ExpectedPlaces()
  #astray = 0
  /** How many rows were found by key that could have been found by their hash. */
  #missed = 0

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

  /**
   * How many entries without a row were found elsewhere than expected, for the sake of a row. To be asked before anything
   * else is looked for.
   */
  get astray(): number {
    return this.#astray
  }

  /** Makes the first entries, with no marks, for columns that are then filled from elsewhere. */
  reserve(entries: number): void {
    this.#size = entries
    this.#reserved = entries
    this.#expected = Math.max(this.#expected, entries)
    this.#byKey.restart(entries)
    this.#mostMissed = Math.min(mostMissed, Math.floor(entries / entriesPerMissed))
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

  /** The entries before `end` that do not have a mark, ascending. */
  without(mark: number, end: number): Uint32Array {
    const found: number[] = []
    for (let start = 0; start < end; start += entriesPerChunk) {
      const chunk = this.#marks[chunkOf(start)] as Uint16Array
      const last = Math.min(entriesPerChunk, end - start)
      for (let place = 0; place < last; place += 1) {
        if ((((chunk[place] as number) >>> mark) & 1) === 0) found.push(start + place)
      }
    }
    return Uint32Array.from(found)
  }

  /** Takes all entries away. */
  clear(): void {
    for (const column of [this.keys, this.hashes, this.fingerprints]) column.reset()
    for (const column of [this.#marks, this.#ordinals, this.#changes]) {
      for (const chunk of column) chunk?.fill(0)
    }
    this.#byHash = null
    this.#size = 0
    this.#reserved = 0
    this.#hasHashes = false
    this.#begin()
  }

  /** The number of the entry with this key; -1 where there is none. */
  find(key: DigestWords): number {
    let entry = this.#places.find(this.keys, key, this.#size)
    if (entry < 0) {
      entry = this.#byKey.find(key, this.#places.next, this.#size, this.#expected)
      if (entry >= 0) this.#goAstray(entry)
    }
    return entry
  }

  /** Adds an entry with no marks, no ordinal, no hash and no fingerprint. Its key must not be there yet. */
  add(key: DigestWords): number {
    const entry = this.#append(key)
    this.#byKey.add(entry, key)
    return entry
  }

  /** Makes an entry that takes the place of another: with its key and marks. Of the other one nothing is left. */
  supersede(entry: number): number {
    const key = digestRoom()
    this.keys.copy(entry, key)
    const successor = this.#append(key)
    this.#byKey.replace(entry, successor)
    this.#setMarks(successor, this.marks(entry))
    this.#setMarks(entry, 0)
    this.keys.clear(entry)
    this.hashes.clear(entry)
    return successor
  }

  /** Makes `findHash` find the entries that were reserved, by the hashes that they have. */
  indexHashes(): void {
    this.#hasHashes = true
    this.#begin()
  }

  /** Whether `findHash` finds anything. */
  get hasHashes(): boolean {
    return this.#hasHashes
  }

  /** An entry whose row had this hash; -1 where there is none, or where it is better to look for the row's key. */
  findHash(hash: DigestWords): number {
    if (!this.#hasHashes || isNothing(hash)) return -1
    let entry = this.#places.find(this.hashes, hash, this.#reserved)
    if (entry < 0 && this.#missed >= this.#mostMissed) {
      entry = this.#hashIndex().find(hash)
      if (entry >= 0) this.#goAstray(entry)
    }
    return entry
  }

  /** Whether an entry that was found by its key could have been found by this hash. */
  isMissed(entry: number, hash: DigestWords): boolean {
    if (!this.#hasHashes || entry >= this.#reserved || isNothing(hash)) return false
    const isMissed = this.hashes.equals(entry, hash)
    if (isMissed) this.#missed += 1
    return isMissed
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

  /** All marks of an entry, as bits. */
  marks(entry: number): number {
    return (this.#marks[chunkOf(entry)] as Uint16Array)[placeOf(entry)] as number
  }

  isMarked(entry: number, mark: number): boolean {
    return isSet(this.marks(entry), mark)
  }

  mark(entry: number, mark: number): void {
    this.#setMarks(entry, this.marks(entry) | (1 << mark))
  }

  /** Sets several marks at once: `marks` has their bits. */
  markAll(entry: number, marks: number): void {
    this.#setMarks(entry, this.marks(entry) | marks)
  }

  unmark(entry: number, mark: number): void {
    this.#setMarks(entry, this.marks(entry) & ~(1 << mark))
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

  #begin(): void {
    this.#places = new ExpectedPlaces()
    this.#byKey.restart(this.#reserved)
    this.#astray = 0
    this.#missed = 0
  }

  #goAstray(entry: number): void {
    if (!this.isMarked(entry, markOf.seen)) this.#astray += 1
    this.#places.move(entry)
  }

  #hashIndex(): DigestIndex {
    this.#byHash ??= DigestIndex.of(this.hashes, this.#reserved)
    return this.#byHash
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
