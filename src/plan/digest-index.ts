import type { DigestWords } from './digest.ts'
import type { DigestColumn } from './digest-column.ts'

/** The share of slots that may be taken: beyond it looking takes long. */
const mostTaken = 0.7

/** Finds the entries of a column by digest: open addressing, linear probing, 4 bytes per slot. */
export class DigestIndex {
  readonly #column: DigestColumn
  /** Entry number plus one; 0 where nothing is. */
  #slots: Int32Array
  #taken = 0

  /** `expected`: how many entries will come, as far as is known; more are welcome. */
  constructor(column: DigestColumn, expected: number) {
    this.#column = column
    this.#slots = new Int32Array(Math.max(1024, Math.ceil(expected / mostTaken)))
  }

  /** The entry with this digest; -1 where there is none. */
  find(digest: DigestWords): number {
    const slots = this.#slots
    let slot = this.#slotOf(digest[0] as number)
    for (;;) {
      const entry = (slots[slot] as number) - 1
      if (entry < 0 || this.#column.equals(entry, digest)) return entry
      slot = this.#after(slot)
    }
  }

  /** All entries with this digest. */
  *findAll(digest: DigestWords): Generator<number> {
    for (let slot = this.#slotOf(digest[0] as number); ; slot = this.#after(slot)) {
      const entry = (this.#slots[slot] as number) - 1
      if (entry < 0) return
      if (this.#column.equals(entry, digest)) yield entry
    }
  }

  /** Adds an entry whose digest is in the column. */
  add(entry: number): void {
    if (this.#taken >= this.#slots.length * mostTaken) this.#grow()
    this.#taken += 1
    this.#occupy(entry)
  }

  /** Finds another entry in place of one, with the same digest. */
  replace(entry: number, by: number): void {
    let slot = this.#slotOf(this.#column.first(entry))
    while (this.#slots[slot] !== entry + 1) slot = this.#after(slot)
    this.#slots[slot] = by + 1
  }

  /** Where the digests with this first word are looked for first: any number of slots will do. */
  #slotOf(first: number): number {
    return Math.floor((first >>> 0) * (this.#slots.length / 2 ** 32))
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1
  }

  #occupy(entry: number): void {
    let slot = this.#slotOf(this.#column.first(entry))
    while (this.#slots[slot] !== 0) slot = this.#after(slot)
    this.#slots[slot] = entry + 1
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(Math.ceil(before.length * 1.5))
    for (const taken of before) if (taken !== 0) this.#occupy(taken - 1)
  }
}
