import type { DigestWords } from './digest.ts'
import type { DigestColumn } from './digest-column.ts'
import { DigestFilter } from './digest-filter.ts'
import { DigestIndex } from './digest-index.ts'

/** How often all entries are searched one by one before an index is made, which costs some twenty times as much. */
const mostSearches = 8

/** Entries before the expected one with which a search begins: a row may be there twice. */
const entriesBehind = 64

/**
 * Finds entries by key wherever they are. A few are searched for one by one; once a key is not there, a filter says so of most
 * others that are not, in 3 to 6 bytes for each entry; and many that are there make an index, of 5 to 8 bytes for each.
 */
export class KeySearch {
  readonly #keys: DigestColumn
  /** How many entries may be searched one by one. */
  #searchable = 0
  #filter: DigestFilter | null = null
  #index: DigestIndex | null = null

  constructor(keys: DigestColumn) {
    this.#keys = keys
  }

  /** Forgets all that was made of the column. `entries`: how many may be searched for one by one. */
  restart(entries: number): void {
    this.#searchable = entries * mostSearches
    this.#filter = null
    this.#index = null
  }

  /**
   * The entry with this key; -1 where there is none. `near`: where it is looked for first. `size`: how many entries there are;
   * `expected`: how many there will be, as far as is known.
   */
  find(key: DigestWords, near: number, size: number, expected: number): number {
    if (this.#index === null && this.#searchable <= 0) {
      this.#filter = null
      this.#index = DigestIndex.of(this.#keys, size, Math.max(expected, size))
    }
    if (this.#index !== null) return this.#index.find(key)
    if (this.#filter?.mayHave(key) === false) return -1
    const entry = this.#search(key, Math.max(0, near - entriesBehind), size)
    if (entry < 0) this.#filter ??= this.#makeFilter(size, Math.max(expected, size))
    return entry
  }

  /** An entry was added at the end of the column. */
  add(entry: number, key: DigestWords): void {
    this.#filter?.add(key)
    this.#index?.add(entry)
  }

  /** The key of an entry belongs to another one from now on. */
  replace(entry: number, by: number): void {
    this.#index?.replace(entry, by)
  }

  #search(key: DigestWords, start: number, size: number): number {
    const ahead = this.#keys.search(key, start, size)
    this.#searchable -= (ahead < 0 ? size : ahead) - start
    if (ahead >= 0) return ahead
    this.#searchable -= start
    return this.#keys.search(key, 0, start)
  }

  #makeFilter(entries: number, expected: number): DigestFilter {
    const filter = new DigestFilter(expected)
    filter.addFirst(this.#keys, entries)
    return filter
  }
}
