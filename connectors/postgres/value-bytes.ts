import { type ColumnType, plainNumber, type Value } from '../../src/connector/index.ts'

/** Texts that lie in memory, as UTF-8. */
export interface TextMemory {
  readonly bytes: Buffer
  text(start: number, end: number): string
}

/** Reads a value whose text lies from `start` to `end`. */
export type ReadBytes = (from: TextMemory, start: number, end: number) => Value

const lowerT = 116
const dash = 45
const plus = 43
const space = 32
const zero = 48
const upperT = 84
const upperZ = 90

/** How values of a type are read from memory: without a text in between where that is simple, else by `decode`. */
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
    case 'timestamptz':
      return (from, start, end) =>
        isOrdinaryInUtc(from.bytes, start, end)
          ? isoInUtc(from.bytes, start, end)
          : decode(from.text(start, end))
    default:
      return (from, start, end) => decode(from.text(start, end))
  }
}

/** `2024-02-29 13:45:00.5+00`: a year of four digits, in our era. */
function isOrdinaryInUtc(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    bytes[start + 4] === dash &&
    bytes[start + 10] === space &&
    bytes[end - 3] === plus &&
    bytes[end - 2] === zero &&
    bytes[end - 1] === zero
  )
}

const iso = Buffer.alloc(64)

function isoInUtc(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start - 2
  for (let at = 0; at < length; at += 1) iso[at] = bytes[start + at] as number
  iso[10] = upperT
  iso[length - 1] = upperZ
  return iso.toString('latin1', 0, length)
}
