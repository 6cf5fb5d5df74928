import type { DigestWords } from './digest.ts'
import type { DigestColumn } from './digest-column.ts'

/** Entries behind one that was found that are looked at: some in between may have no row any more. */
const entriesAhead = 8

/** Places that are remembered beside the last one. */
const mostOthers = 3

/**
 * Where the next entries are expected: rows come in much the same order as last time. What changed since lies together
 * elsewhere, so that rows may come from a few places by turns.
 */
export class ExpectedPlaces {
  /** The entry behind the one that was found last. */
  #next = 0
  /** The same of entries that were found elsewhere before, the latest first. */
  readonly #others = new Float64Array(mostOthers).fill(Number.POSITIVE_INFINITY)

  get next(): number {
    return this.#next
  }

  /** The entry with this digest, if it stands before `end` where one is expected; else -1. */
  find(column: DigestColumn, digest: DigestWords, end: number): number {
    const next = this.#next
    if (next < end && column.equals(next, digest)) {
      this.#next += 1
      return next
    }
    const entry = column.search(digest, next + 1, Math.min(next + entriesAhead, end))
    if (entry < 0) return this.#findElsewhere(column, digest, end)
    this.#next = entry + 1
    return entry
  }

  /** Goes on from an entry that was found in another way. */
  move(entry: number): void {
    this.#remember(mostOthers - 1)
    this.#next = entry + 1
  }

  #findElsewhere(column: DigestColumn, digest: DigestWords, end: number): number {
    const others = this.#others
    for (let number = 0; number < others.length; number += 1) {
      const place = others[number] as number
      const entry = column.search(digest, place, Math.min(place + entriesAhead, end))
      if (entry < 0) continue
      this.#remember(number)
      this.#next = entry + 1
      return entry
    }
    return -1
  }

  /** Remembers the last place, in place of the one with this number. */
  #remember(number: number): void {
    this.#others.copyWithin(1, 0, number)
    this.#others[0] = this.#next
  }
}
