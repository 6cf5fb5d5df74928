import type { DigestWords } from './digest.ts'
import { type DigestColumn, entriesPerChunk } from './digest-column.ts'

/** The share of slots that those entries take which are expected. */
const usuallyTaken = 0.8

/** The share of slots that may be taken: beyond it looking takes long. */
const mostTaken = 0.9

/**
 * Finds the entries of a column by digest: open addressing, linear probing, 4 bytes per slot. A slot has the number of an
 * entry, and in the bits that this leaves some of its digest, so that hardly any other entry is looked at on the way.
 */
export class DigestIndex {
  readonly #column: DigestColumn
  /** Entry number plus one, and some bits of its digest above; 0 where nothing is. */
  #slots: Int32Array
  /** The bits of a slot that are the entry's number. */
  #mask: number
  #taken = 0

  /** `expected`: how many entries there will be, as far as is known; more are welcome. */
  constructor(column: DigestColumn, expected: number) {
    this.#column = column
    this.#slots = new Int32Array(Math.max(1024, Math.ceil(expected / usuallyTaken)))
    this.#mask = maskFor(this.#slots.length)
  }

  /** An index of the first entries of a column. `expected`: as with the constructor, not fewer than these. */
  static of(column: DigestColumn, entries: number, expected = entries): DigestIndex {
    const index = new DigestIndex(column, expected)
    index.#addFirst(entries)
    return index
  }

  /** The entry with this digest; -1 where there is none. */
  find(digest: DigestWords): number {
    const slots = this.#slots
    const mask = this.#mask
    const tag = (digest[1] as number) & ~mask
    for (let at = this.#placeOf(digest[0] as number); ; at = this.#after(at)) {
      const slot = slots[at] as number
      if (slot === 0) return -1
      if ((slot & ~mask) !== tag) continue
      const entry = (slot & mask) - 1
      if (this.#column.equals(entry, digest)) return entry
    }
  }

  /** All entries with this digest. */
  *findAll(digest: DigestWords): Generator<number> {
    for (let at = this.#placeOf(digest[0] as number); ; at = this.#after(at)) {
      const slot = this.#slots[at] as number
      if (slot === 0) return
      const entry = (slot & this.#mask) - 1
      if (this.#column.equals(entry, digest)) yield entry
    }
  }

  /** Adds an entry whose digest is in the column. */
  add(entry: number): void {
    if (this.#taken >= this.#slots.length * mostTaken) {
      this.#rebuild(Math.ceil(this.#slots.length * 1.5), entry)
    } else this.#makeRoomFor(entry)
    this.#taken += 1
    this.#occupy(entry)
  }

  /** Adds the first entries of the column, other than those with nothing in it. There have to be slots for all of them. */
  #addFirst(entries: number): void {
    const slots = this.#slots
    const mask = this.#mask
    const scale = slots.length / 2 ** 32
    for (let number = 0; number * entriesPerChunk < entries; number += 1) {
      const words = this.#column.written(number)
      if (words === undefined) continue
      const first = number * entriesPerChunk
      const end = Math.min(entriesPerChunk, entries - first)
      for (let place = 0; place < end; place += 1) {
        const word = words[place * 4] as number
        if (word === 0 && this.#column.isEmpty(first + place)) continue
        let at = Math.floor((word >>> 0) * scale)
        while (slots[at] !== 0) at = at + 1 === slots.length ? 0 : at + 1
        slots[at] = (first + place + 1) | ((words[place * 4 + 1] as number) & ~mask)
        this.#taken += 1
      }
    }
  }

  /** Finds another entry in place of one, with the same digest. */
  replace(entry: number, by: number): void {
    this.#makeRoomFor(by)
    let at = this.#placeOf(this.#column.word(entry, 0))
    while (((this.#slots[at] as number) & this.#mask) !== entry + 1) at = this.#after(at)
    this.#slots[at] = this.#slotOf(by)
  }

  /** Where the digests with this first word are looked for first: any number of slots will do. */
  #placeOf(first: number): number {
    return Math.floor((first >>> 0) * (this.#slots.length / 2 ** 32))
  }

  #after(at: number): number {
    return at + 1 === this.#slots.length ? 0 : at + 1
  }

  #slotOf(entry: number): number {
    return (entry + 1) | (this.#column.word(entry, 1) & ~this.#mask)
  }

  #occupy(entry: number): void {
    let at = this.#placeOf(this.#column.word(entry, 0))
    while (this.#slots[at] !== 0) at = this.#after(at)
    this.#slots[at] = this.#slotOf(entry)
  }

  /** Entries that are not in the index have numbers too, so that these may outgrow the slots. */
  #makeRoomFor(entry: number): void {
    if (entry >= this.#mask) this.#rebuild(this.#slots.length, entry)
  }

  #rebuild(length: number, entry: number): void {
    const before = this.#slots
    const mask = this.#mask
    this.#slots = new Int32Array(length)
    this.#mask = maskFor(Math.max(length, entry + 1))
    for (const slot of before) if (slot !== 0) this.#occupy((slot & mask) - 1)
  }
}

/** The lowest bits that have room for numbers up to this one, with at least one left. */
function maskFor(most: number): number {
  return 2 ** Math.min(31, Math.ceil(Math.log2(most + 1))) - 1
}
