import type { Column, ColumnType, RowBatch, Value } from '../../src/connector/index.ts'
import { arrayDecoder } from './arrays.ts'
import { binaryReaders, byteReader, type ReadBytes } from './value-bytes.ts'

/** A row as the server sent it: text per column. */
export type TextRow = readonly (string | null)[]

type Decode = (text: string) => Value

/** Built-in types by oid; fixed since they exist, see `pg_type.dat` in Postgres' source. Everything else is text. */
const types: Readonly<Record<number, ColumnType>> = {
  16: 'boolean',
  17: 'bytes',
  20: 'integer',
  21: 'integer',
  23: 'integer',
  26: 'integer',
  114: 'json',
  700: 'float',
  701: 'float',
  1082: 'date',
  1114: 'timestamp',
  1184: 'timestamptz',
  1700: 'decimal',
  3802: 'json',
}

const dash = 45
const space = 32

const decoders: Readonly<Record<Exclude<ColumnType, 'array'>, Decode>> = {
  boolean: (text) => text === 't',
  integer: decodeInteger,
  decimal: (text) => text,
  float: Number,
  text: (text) => text,
  date: isoDate,
  timestamp: isoTimestamp,
  timestamptz: isoTimestampInUtc,
  json: (text) => text,
  bytes: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
}

function decodeInteger(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

/** `0044-03-15 BC` and `12024-01-01` become ISO 8601's expanded years: `-000043-03-15`, `+012024-01-01`. */
function isoDate(text: string): string {
  if (text[4] === '-' && !text.endsWith('BC')) return text
  const parts = /^(\d{4,})-(\d\d-\d\d)(.*?)( BC)?$/.exec(text)
  if (parts === null) return text
  const [, year = '', day, rest, bc] = parts
  const astronomical = bc === undefined ? Number(year) : 1 - Number(year)
  if (astronomical === 0) return `0000-${day}${rest}`
  const sign = astronomical < 0 ? '-' : '+'
  return `${sign}${String(Math.abs(astronomical)).padStart(6, '0')}-${day}${rest}`
}

/** A time behind a year of four digits and before the end of its era, as all are that are not very far away. */
function isOrdinary(text: string): boolean {
  return text.charCodeAt(10) === space && text.charCodeAt(4) === dash && !text.endsWith('C')
}

function isoTimestamp(text: string): string {
  if (isOrdinary(text)) return `${text.slice(0, 10)}T${text.slice(11)}`
  if (text.endsWith('infinity')) return text
  return isoDate(text).replace(' ', 'T')
}

function isoTimestampInUtc(text: string): string {
  if (isOrdinary(text) && text.endsWith('+00')) {
    return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`
  }
  if (text.endsWith('infinity')) return text
  return isoDate(text).replace(' ', 'T').replace('+00', 'Z')
}

/** A column and how to read it. */
export interface DecodedColumn {
  readonly column: Column
  readonly decode: Decode
  /** The form in which its values lie in memory: text in UTF-8, or what the server calls binary. */
  readonly form: 'text' | 'binary'
  readonly read: ReadBytes
}

/**
 * What stands for a column. `elementOid` is 0 for what is no array (or one that is not written with braces and commas);
 * `mayBeBinary`: whether values in memory may be had in the form that costs the server least.
 */
export function decodedColumn(
  name: string,
  oid: number,
  elementOid: number,
  sourceType: string,
  mayBeBinary = false,
): DecodedColumn {
  if (elementOid === 0) {
    const type = types[oid] ?? 'text'
    const decode = decoders[type as 'text']
    const column = { name, type, sourceType }
    const readBinary = mayBeBinary ? binaryReaders[oid] : undefined
    return readBinary === undefined
      ? { column, decode, form: 'text', read: byteReader(type, decode) }
      : { column, decode, form: 'binary', read: readBinary }
  }
  const element = types[elementOid] ?? 'text'
  const decodeElement = decoders[element as 'text']
  const decode = arrayDecoder(decodeElement)
  return {
    column: { name, type: 'array', element, sourceType },
    decode,
    form: 'text',
    read: byteReader('array', decode),
  }
}

/** Rows that stay text until they are asked for. */
export class TextBatch implements RowBatch {
  readonly size: number
  readonly #rows: readonly TextRow[]
  readonly #columns: readonly DecodedColumn[]

  constructor(rows: readonly TextRow[], columns: readonly DecodedColumn[]) {
    this.size = rows.length
    this.#rows = rows
    this.#columns = columns
  }

  values(index: number): readonly Value[] {
    const row = this.#rows[index]
    if (row === undefined) throw new RangeError(`No row ${index} in a batch of ${this.size}`)
    return this.#columns.map(({ decode }, position) => {
      const text = row[position] ?? null
      return text === null ? null : decode(text)
    })
  }
}
