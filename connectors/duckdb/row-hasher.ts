import type { DuckDBDataChunk } from '@duckdb/node-api'
import { murmur128 } from '../../src/connector/index.ts'
import type { HashedColumn } from './hashed-column.ts'
import { type RawVector, rawVector } from './raw-vectors.ts'

/**
 * Hashes rows by the memory of DuckDB's vectors. The words of a row's columns are laid beside each other: first a bit
 * per column that says where it is NULL, then its words, which are zero where it is.
 */
export class RowHasher {
  readonly #columns: readonly HashedColumn[]
  readonly #rowWords: number
  /** The rows of one chunk, after each other. */
  #rows = new Int32Array()
  #view = new DataView(new ArrayBuffer(0))
  #loaded: DuckDBDataChunk | null = null

  /** Takes the columns of the chunks, from the first. */
  constructor(columns: readonly HashedColumn[]) {
    this.#columns = columns
    this.#rowWords = columns.reduce(
      (total, { words }) => total + words,
      Math.ceil(columns.length / 32),
    )
  }

  /** Writes the hash of one row of a chunk. Rows of the chunk that was asked for last cost least. */
  hash(chunk: DuckDBDataChunk, row: number, into: Int32Array): void {
    if (chunk !== this.#loaded) this.#load(chunk)
    const size = this.#rowWords * 4
    murmur128(this.#view, row * size, (row + 1) * size, into)
  }

  #load(chunk: DuckDBDataChunk): void {
    const needed = chunk.rowCount * this.#rowWords
    if (this.#rows.length < needed) {
      this.#rows = new Int32Array(needed)
      this.#view = new DataView(this.#rows.buffer)
    } else {
      this.#rows.fill(0, 0, needed)
    }
    let at = Math.ceil(this.#columns.length / 32)
    for (const [index, column] of this.#columns.entries()) {
      const vector = rawVector(chunk, index, column.width)
      for (let word = 0; word < column.words; word += 1) {
        this.#copy(vector.data, column.width, word, at + word)
      }
      if (vector.validity !== null) {
        this.#markNulls(vector.validity, chunk.rowCount, index, at, column.words)
      }
      at += column.words
    }
    this.#loaded = chunk
  }

  /** Copies one word of every value of a column. */
  #copy(data: RawVector['data'], width: number, word: number, at: number): void {
    const values = wordsOf(data, width)
    const step = Math.max(1, width / 4)
    const rows = this.#rows
    for (let from = word, to = at; from < values.length; from += step, to += this.#rowWords) {
      rows[to] = values[from] as number
    }
  }

  #markNulls(validity: Uint8Array, count: number, column: number, at: number, words: number): void {
    const rows = this.#rows
    for (let row = 0, start = 0; row < count; row += 1, start += this.#rowWords) {
      if (((validity[row >> 3] as number) >> (row & 7)) & 1) continue
      const mark = start + (column >> 5)
      rows[mark] = (rows[mark] as number) | (1 << (column & 31))
      // DuckDB leaves anything where there is no value.
      rows.fill(0, start + at, start + at + words)
    }
  }
}

/** The values of a column as numbers: one for each of up to four bytes, else one for every four bytes. */
function wordsOf(data: Uint8Array, width: number): Uint8Array | Uint16Array | Int32Array {
  if (width === 1) return data
  return width === 2
    ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
    : new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4)
}
