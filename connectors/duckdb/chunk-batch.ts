import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { RowBatch, Value } from '../../src/connector/index.ts'
import type { RowHasher } from './row-hasher.ts'
import type { DecodedColumn } from './values.ts'

/** A chunk of rows that stay in DuckDB's vectors until they are asked for. */
export class ChunkBatch implements RowBatch {
  readonly size: number
  readonly hash?: (index: number, into: Int32Array) => void
  #chunk: DuckDBDataChunk | null
  readonly #columns: readonly DecodedColumn[]

  constructor(chunk: DuckDBDataChunk, columns: readonly DecodedColumn[], hasher: RowHasher | null) {
    this.size = chunk.rowCount
    this.#chunk = chunk
    this.#columns = columns
    if (hasher !== null) {
      this.hash = (index, into) => hasher.hash(this.#chunkWith(index), index, into)
    }
  }

  values(index: number): readonly Value[] {
    const chunk = this.#chunkWith(index)
    return this.#columns.map(({ decode }, position) => {
      const value = chunk.getColumnVector(position).getItem(index)
      return value === null ? null : decode(value)
    })
  }

  /**
   * Frees the chunk's texts; rows cannot be read any more. The binding itself frees a chunk when the collector finds
   * it, which knows nothing of the megabytes that hang on it.
   */
  release(): void {
    this.#chunk?.reset()
    this.#chunk = null
  }

  #chunkWith(index: number): DuckDBDataChunk {
    if (index < 0 || index >= this.size) {
      throw new RangeError(`No row ${index} in a batch of ${this.size}`)
    }
    if (this.#chunk === null) throw new Error('A batch is good until the next one is asked for')
    return this.#chunk
  }
}
