import { createRequire } from 'node:module'
import type { DuckDBDataChunk } from '@duckdb/node-api'

type Chunk = DuckDBDataChunk['chunk']

/** The slice of DuckDB's C API that hands out a vector's memory as it is: https://duckdb.org/docs/stable/clients/c/vector */
interface Vectors<Vector> {
  data_chunk_get_vector(chunk: Chunk, column: number): Vector
  /** A copy. */
  vector_get_data(vector: Vector, bytes: number): Uint8Array
  /** A bit per row, the lowest first, set where there is a value; null where every row has one. */
  vector_get_validity(vector: Vector, bytes: number): Uint8Array | null
}

// node-api decodes whatever it hands out. A chunk can only be read by the copy of the binding that made it, so it is
// looked up from node-api's place, not from ours.
const fromDriver = createRequire(createRequire(import.meta.url).resolve('@duckdb/node-api'))
const binding = fromDriver('@duckdb/node-bindings') as Vectors<unknown>

/** One column of a chunk as DuckDB keeps it. */
export interface RawVector {
  /** The values after each other; anything where there is none. */
  readonly data: Uint8Array
  /** A bit per row, the lowest first, set where there is a value; null where every row has one. */
  readonly validity: Uint8Array | null
}

/** The memory of a column of `width` bytes a value. */
export function rawVector(chunk: DuckDBDataChunk, column: number, width: number): RawVector {
  const vector = binding.data_chunk_get_vector(chunk.chunk, column)
  const rows = chunk.rowCount
  return {
    data: binding.vector_get_data(vector, rows * width),
    validity: binding.vector_get_validity(vector, Math.ceil(rows / 64) * 8),
  }
}
