import type { DigestWords } from './digest.ts'
import type { DigestColumn } from './digest-column.ts'

/** The share of slots that may be taken: beyond it looking takes long. */
const mostTaken = 0.7

/** Finds the entries of a column by digest: open addressing, linear probing, 4 bytes per slot. */
export class DigestIndex {
  readonly #column: DigestColumn
  /** Entry number plus one; 0 where nothing is. */
  #slots: Int32Array
  #mask: number
  #taken = 0

  /** `expected`: how many entries will come, as far as is known; more are welcome. */
  constructor(column: DigestColumn, expected: number) {
    this.#column = column
    let slots = 1024
    while (slots * mostTaken < expected) slots *= 2
    this.#slots = new Int32Array(slots)
    this.#mask = slots - 1
  }

  /** The entry with this digest; -1 where there is none. */
  find(digest: DigestWords): number {
    const slots = this.#slots
    const mask = this.#mask
    let slot = (digest[0] as number) & mask
    for (;;) {
      const entry = (slots[slot] as number) - 1
      if (entry < 0 || this.#column.equals(entry, digest)) return entry
      slot = (slot + 1) & mask
    }
  }

  /** All entries with this digest. */
  *findAll(digest: DigestWords): Generator<number> {
    for (let slot = (digest[0] as number) & this.#mask; ; slot = (slot + 1) & this.#mask) {
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
    let slot = this.#column.first(entry) & this.#mask
    while (this.#slots[slot] !== entry + 1) slot = (slot + 1) & this.#mask
    this.#slots[slot] = by + 1
  }

  #occupy(entry: number): void {
    let slot = this.#column.first(entry) & this.#mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot] = entry + 1
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(before.length * 2)
    this.#mask = this.#slots.length - 1
    for (const taken of before) if (taken !== 0) this.#occupy(taken - 1)
  }
}
