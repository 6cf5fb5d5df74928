import { murmur128, type RowBatch, type Value } from '../../src/connector/index.ts'
import { headerSize, wordAt } from './frame.ts'
import { FrameRow } from './frame-row.ts'
import type { DecodedColumn } from './values.ts'

/**
 * Rows that lie in the bytes as they came from the server, each a DataRow frame: after the header the number of
 * values in two bytes, then for each value its length in four (-1 for NULL) and its text.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-DATAROW
 */
export class FrameBatch implements RowBatch {
  readonly size: number
  /** How many bytes it came in. */
  readonly bytes: number
  /** Whether no other batch has rows in `rest`. */
  readonly isAlone: boolean
  readonly rest: Buffer
  readonly #first: Buffer
  readonly #firstView: DataView
  readonly #restView: DataView
  #starts: readonly number[]
  readonly #columns: readonly DecodedColumn[]
  /** Used again for every row; null as long as no row was looked at. */
  #row: FrameRow | null = null

  /** `starts` says where frames begin: the first one in `first`, every other in `rest`. */
  constructor(
    first: Buffer,
    rest: Buffer,
    starts: readonly number[],
    columns: readonly DecodedColumn[],
    isAlone: boolean,
  ) {
    this.size = starts.length
    this.bytes = first === rest ? rest.length : first.length + rest.length
    this.#first = first
    this.rest = rest
    this.#restView = viewOf(rest)
    this.#firstView = first === rest ? this.#restView : viewOf(first)
    this.#starts = starts
    this.#columns = columns
    this.isAlone = isAlone
  }

  /** Whether the values of some row were asked for. */
  get isLookedAt(): boolean {
    return this.#row !== null
  }

  values(index: number): readonly Value[] {
    return this.texts(index).values()
  }

  texts(index: number): FrameRow {
    const start = this.#start(index)
    this.#row ??= new FrameRow(this.#columns)
    this.#row.moveTo(index === 0 ? this.#first : this.rest, start)
    return this.#row
  }

  hash(index: number, into: Int32Array): void {
    const start = this.#start(index)
    const buffer = index === 0 ? this.#first : this.rest
    murmur128(
      index === 0 ? this.#firstView : this.#restView,
      start + headerSize,
      start + 1 + wordAt(buffer, start + 1),
      into,
    )
  }

  /** Lets go of the rows, since their bytes are about to be others. */
  forget(): void {
    this.#starts = []
  }

  #start(index: number): number {
    const start = this.#starts[index]
    if (start === undefined) throw new RangeError(`No row ${index} in a batch of ${this.size}`)
    return start
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
