import { entriesPerChunk } from './digest-column.ts'
import type { Overflow, SnapshotIndex } from './interfaces.ts'
import type { KeyTable } from './key-table.ts'

const chunkBytes = entriesPerChunk * 16

/**
 * Takes the hashes of new rows out of memory, chunk by chunk: once they are set, nobody asks for them before an index is
 * written. Where there is no room for them elsewhere, they stay.
 */
export class HashSpill {
  readonly #table: KeyTable
  readonly #index: SnapshotIndex
  /** The first chunk whose entries all are to come. */
  readonly #first: number
  #next: number
  /** Null as long as nothing was written. */
  #overflow: Overflow | null = null
  #isGivenUp = false

  /** `table`: with no entries yet but those of the snapshot. */
  constructor(table: KeyTable, index: SnapshotIndex) {
    this.#table = table
    this.#index = index
    this.#first = Math.ceil(table.size / entriesPerChunk)
    this.#next = this.#first
  }

  /** Whether a chunk is complete, so that `write` has something to do. */
  get isDue(): boolean {
    return !this.#isGivenUp && this.#table.size >= (this.#next + 1) * entriesPerChunk
  }

  /** Takes the chunk that is complete out of the table. */
  async write(): Promise<void> {
    const { hashes } = this.#table
    this.#overflow ??= await this.#index.overflow()
    const chunk = hashes.chunk(this.#next)
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunkBytes)
    const at = (this.#next - this.#first) * chunkBytes
    if (this.#overflow === null || !(await this.#overflow.write(bytes, at))) {
      this.#isGivenUp = true
      return
    }
    hashes.release(this.#next)
    this.#next += 1
  }

  /** The hashes of a chunk; null where the table has them. Throws where they cannot be read. */
  async read(chunk: number): Promise<Int32Array | null> {
    if (this.#overflow === null || chunk < this.#first || chunk >= this.#next) return null
    const bytes = new Uint8Array(chunkBytes)
    await this.#overflow.read(bytes, (chunk - this.#first) * chunkBytes)
    return new Int32Array(bytes.buffer)
  }

  async close(): Promise<void> {
    await this.#overflow?.close()
  }
}
