import type { DigestWords } from './digest.ts'

/** Entries per chunk, as a power of two: chunks are added, never copied. */
const chunkBits = 14
const chunkMask = (1 << chunkBits) - 1

/** Where things stand in an entry, in 32-bit words. */
const fingerprintAt = 4
const ordinalAt = 8
const marksAt = 9

/**
 * All keys of a plan, packed: for each a 128-bit digest of the key, a 128-bit fingerprint, an ordinal and a row of
 * marks (bits). With up to 32 marks that is 40 bytes per key, and 6 to 12 more for the index.
 *
 * Entries are numbered from 0 in the order in which they were added and lie one behind the other; an index of entry
 * numbers (open addressing, linear probing) finds them by digest.
 */
export class KeyTable {
  readonly #width: number
  readonly #chunks: Int32Array[] = []
  /** Entry number plus one; 0 where nothing is. */
  #index: Int32Array
  #mask: number
  #size = 0

  /** `marks`: bits per entry. `expected`: how many entries will come, as far as is known; more are welcome. */
  constructor(marks: number, expected = 0) {
    this.#width = marksAt + Math.max(1, Math.ceil(marks / 32))
    let slots = 1024
    while (slots * 0.7 < expected) slots *= 2
    this.#index = new Int32Array(slots)
    this.#mask = slots - 1
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size
  }

  /** The number of the entry with this digest; -1 where there is none. */
  find(key: DigestWords): number {
    const index = this.#index
    const mask = this.#mask
    let slot = (key[0] as number) & mask
    for (;;) {
      const entry = (index[slot] as number) - 1
      if (entry < 0) return -1
      if (this.#equals(entry, 0, key)) return entry
      slot = (slot + 1) & mask
    }
  }

  /** Adds an entry with no marks, an ordinal of -1 and a fingerprint of zeros. Its digest must not be there yet. */
  add(key: DigestWords): number {
    const entry = this.#size
    if (entry >= this.#index.length * 0.7) this.#growIndex()
    const chunkNumber = entry >>> chunkBits
    let chunk = this.#chunks[chunkNumber]
    if (chunk === undefined) {
      chunk = new Int32Array((chunkMask + 1) * this.#width)
      this.#chunks.push(chunk)
    }
    const base = (entry & chunkMask) * this.#width
    chunk[base] = key[0] as number
    chunk[base + 1] = key[1] as number
    chunk[base + 2] = key[2] as number
    chunk[base + 3] = key[3] as number
    chunk[base + ordinalAt] = -1
    this.#size += 1
    this.#occupy(key[0] as number, entry)
    return entry
  }

  hasFingerprint(entry: number, fingerprint: DigestWords): boolean {
    return this.#equals(entry, fingerprintAt, fingerprint)
  }

  setFingerprint(entry: number, fingerprint: DigestWords): void {
    const chunk = this.#chunk(entry)
    const base = this.#base(entry) + fingerprintAt
    chunk[base] = fingerprint[0] as number
    chunk[base + 1] = fingerprint[1] as number
    chunk[base + 2] = fingerprint[2] as number
    chunk[base + 3] = fingerprint[3] as number
  }

  /** The ordinal that was set; -1 where none was. */
  ordinal(entry: number): number {
    return this.#chunk(entry)[this.#base(entry) + ordinalAt] as number
  }

  setOrdinal(entry: number, ordinal: number): void {
    this.#chunk(entry)[this.#base(entry) + ordinalAt] = ordinal
  }

  isMarked(entry: number, mark: number): boolean {
    const word = this.#chunk(entry)[this.#base(entry) + marksAt + (mark >>> 5)] as number
    return (word & (1 << (mark & 31))) !== 0
  }

  mark(entry: number, mark: number): void {
    const at = this.#base(entry) + marksAt + (mark >>> 5)
    const chunk = this.#chunk(entry)
    chunk[at] = (chunk[at] as number) | (1 << (mark & 31))
  }

  unmark(entry: number, mark: number): void {
    const at = this.#base(entry) + marksAt + (mark >>> 5)
    const chunk = this.#chunk(entry)
    chunk[at] = (chunk[at] as number) & ~(1 << (mark & 31))
  }

  #chunk(entry: number): Int32Array {
    return this.#chunks[entry >>> chunkBits] as Int32Array
  }

  #base(entry: number): number {
    return (entry & chunkMask) * this.#width
  }

  #equals(entry: number, offset: number, words: DigestWords): boolean {
    const chunk = this.#chunk(entry)
    const base = this.#base(entry) + offset
    return (
      chunk[base] === words[0] &&
      chunk[base + 1] === words[1] &&
      chunk[base + 2] === words[2] &&
      chunk[base + 3] === words[3]
    )
  }

  #occupy(start: number, entry: number): void {
    let slot = start & this.#mask
    while (this.#index[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#index[slot] = entry + 1
  }

  #growIndex(): void {
    this.#index = new Int32Array(this.#index.length * 2)
    this.#mask = this.#index.length - 1
    for (let entry = 0; entry < this.#size; entry += 1) {
      this.#occupy(this.#chunk(entry)[this.#base(entry)] as number, entry)
    }
  }
}
