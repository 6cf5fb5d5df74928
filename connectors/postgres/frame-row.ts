import type { RowTexts, Value } from '../../src/connector/index.ts'
import { headerSize, wordAt } from './frame.ts'
import { unixSecondsAt } from './timestamp.ts'
import type { ValueMemory } from './value-bytes.ts'
import type { DecodedColumn } from './values.ts'

/** What `toString` calls in the end, after a detour that costs as much again. */
interface AsciiSlices extends Buffer {
  latin1Slice(start: number, end: number): string
}

/** The values of one row where they lie in its frame. */
export class FrameRow implements RowTexts, ValueMemory {
  bytes: Buffer = Buffer.alloc(0)
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly #columns: readonly DecodedColumn[]
  /** All of the row as one text with a character for each byte, where many of its values are wanted. */
  #whole = ''
  #wholeStart = -1

  constructor(columns: readonly DecodedColumn[]) {
    this.#columns = columns
    this.starts = new Int32Array(columns.length)
    this.ends = new Int32Array(columns.length)
  }

  /** Goes to the row whose frame begins at `start`. */
  moveTo(buffer: Buffer, start: number): void {
    const { starts, ends } = this
    this.bytes = buffer
    this.#wholeStart = -1
    let at = start + headerSize + 2
    for (let position = 0; position < starts.length; position += 1) {
      const length = wordAt(buffer, at)
      at += 4
      starts[position] = at
      ends[position] = at + length
      if (length > 0) at += length
    }
  }

  value(position: number): Value {
    const start = this.starts[position] as number
    const end = this.ends[position] as number
    if (end < start) return null
    return (this.#columns[position] as DecodedColumn).read(this, start, end)
  }

  seconds(position: number): number {
    const { form } = this.#columns[position] as DecodedColumn
    return form === 'binary'
      ? unixSecondsAt(this.bytes, this.starts[position] as number)
      : Number.NaN
  }

  values(): Value[] {
    const { starts, ends } = this
    const values = new Array<Value>(starts.length)
    // One string for the row, and for its values parts of that, cost a quarter of a string from bytes for each.
    this.#wholeStart = starts[0] ?? 0
    const end = Math.max(ends.at(-1) ?? 0, this.#wholeStart)
    this.#whole = this.bytes.toString('latin1', this.#wholeStart, end)
    for (let position = 0; position < values.length; position += 1) {
      values[position] = this.value(position)
    }
    return values
  }

  text(start: number, end: number): string {
    if (!isAscii(this.bytes, start, end)) return this.bytes.toString('utf8', start, end)
    if (this.#wholeStart < 0) return (this.bytes as AsciiSlices).latin1Slice(start, end)
    return this.#whole.slice(start - this.#wholeStart, end - this.#wholeStart)
  }
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if ((bytes[at] as number) > 127) return false
  }
  return true
}
