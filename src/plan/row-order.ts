/** Numbers in a chunk: chunks are added, never copied. */
const numbersPerChunk = 1 << 14

/**
 * Entries of a table in the order of their rows. Those that follow each other in the table too are counted, so that each
 * takes 4 bytes at most, and next to nothing where rows come in the order of the table.
 */
export class RowOrder {
  /** The number of an entry, or below zero how many of those behind it follow. */
  readonly #chunks: Int32Array[] = []
  #length = 0
  #last = Number.NEGATIVE_INFINITY
  /** How many entries have followed since a number was written. */
  #following = 0

  /** Adds an entry, which is not there yet. */
  add(entry: number): void {
    if (entry === this.#last + 1) this.#following += 1
    else {
      this.#endRun()
      this.#push(entry)
    }
    this.#last = entry
  }

  /**
   * Goes through the entries that are not less than `first`: returns the next one each time, and -1 in the end. Nothing may be
   * added meanwhile.
   */
  reader(first = 0): () => number {
    this.#endRun()
    // What would follow begins a run of its own.
    this.#last = Number.NEGATIVE_INFINITY
    let at = 0
    let entry = -1
    let following = 0
    return () => {
      while (following === 0) {
        if (at === this.#length) return -1
        const number = this.#numberAt(at)
        at += 1
        if (number >= 0) {
          entry = number
          if (entry >= first) return entry
          continue
        }
        const passed = Math.min(-number, Math.max(0, first - 1 - entry))
        entry += passed
        following = -number - passed
      }
      following -= 1
      entry += 1
      return entry
    }
  }

  #endRun(): void {
    if (this.#following > 0) this.#push(-this.#following)
    this.#following = 0
  }

  #numberAt(at: number): number {
    const chunk = this.#chunks[Math.floor(at / numbersPerChunk)] as Int32Array
    return chunk[at % numbersPerChunk] as number
  }

  #push(number: number): void {
    const chunk = Math.floor(this.#length / numbersPerChunk)
    this.#chunks[chunk] ??= new Int32Array(numbersPerChunk)
    this.#chunks[chunk][this.#length % numbersPerChunk] = number
    this.#length += 1
  }
}
