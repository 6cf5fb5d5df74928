import { type ColumnType, plainNumber, type Value } from '../../src/connector/index.ts'
import { isoAt } from './timestamp.ts'

/** Values that lie in memory; their texts are UTF-8. */
export interface ValueMemory {
  readonly bytes: Buffer
  text(start: number, end: number): string
}

/** Reads a value that lies from `start` to `end`. */
export type ReadBytes = (from: ValueMemory, start: number, end: number) => Value

const lowerT = 116

/** How values of a type are read from their texts: without a string in between where that is simple, else by `decode`. */
export function byteReader(type: ColumnType, decode: (text: string) => Value): ReadBytes {
  switch (type) {
    case 'boolean':
      return ({ bytes }, start) => bytes[start] === lowerT
    case 'integer':
    case 'float':
      return (from, start, end) => {
        const number = plainNumber(from.bytes, start, end)
        return Number.isNaN(number) ? decode(from.text(start, end)) : number
      }
    default:
      return (from, start, end) => decode(from.text(start, end))
  }
}

/**
 * How values are read from their binary form, by the oid of their type: float8, timestamp and timestamptz. To write their
 * texts takes the server longer than all else that it does for a row; the other types are no cheaper in binary.
 */
export const binaryReaders: Readonly<Record<number, ReadBytes>> = {
  701: ({ bytes }, start) => bytes.readDoubleBE(start),
  1114: ({ bytes }, start) => isoAt(bytes, start, ''),
  1184: ({ bytes }, start) => isoAt(bytes, start, 'Z'),
}
