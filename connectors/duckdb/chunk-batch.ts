import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { RowBatch, Value } from '../../src/connector/index.ts'
import type { RowHasher } from './row-hasher.ts'
import type { DecodedColumn } from './values.ts'

/** A chunk of rows that stay in DuckDB's vectors until they are asked for. */
export class ChunkBatch implements RowBatch {
  readonly size: number
  readonly hash?: (index: number, into: Int32Array) => void
  // The vectors' memory is the chunk's.
  readonly #chunk: DuckDBDataChunk
  readonly #columns: readonly DecodedColumn[]

  constructor(chunk: DuckDBDataChunk, columns: readonly DecodedColumn[], hasher: RowHasher | null) {
    this.size = chunk.rowCount
    this.#chunk = chunk
    this.#columns = columns
    if (hasher !== null) {
      this.hash = (index, into) => {
        this.#check(index)
        hasher.hash(chunk, index, into)
      }
    }
  }

  values(index: number): readonly Value[] {
    this.#check(index)
    return this.#columns.map(({ decode }, position) => {
      const value = this.#chunk.getColumnVector(position).getItem(index)
      return value === null ? null : decode(value)
    })
  }

  #check(index: number): void {
    if (index < 0 || index >= this.size) {
      throw new RangeError(`No row ${index} in a batch of ${this.size}`)
    }
  }
}
