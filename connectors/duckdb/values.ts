import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { Column, ColumnType, Value } from '../../src/connector/index.ts'
import { jsonText } from './json.ts'
import { dateText, timestampText } from './time.ts'

const types: Readonly<Partial<Record<DuckDBTypeId, ColumnType>>> = {
  [DuckDBTypeId.BOOLEAN]: 'boolean',
  [DuckDBTypeId.TINYINT]: 'integer',
  [DuckDBTypeId.SMALLINT]: 'integer',
  [DuckDBTypeId.INTEGER]: 'integer',
  [DuckDBTypeId.BIGINT]: 'integer',
  [DuckDBTypeId.HUGEINT]: 'integer',
  [DuckDBTypeId.UTINYINT]: 'integer',
  [DuckDBTypeId.USMALLINT]: 'integer',
  [DuckDBTypeId.UINTEGER]: 'integer',
  [DuckDBTypeId.UBIGINT]: 'integer',
  [DuckDBTypeId.UHUGEINT]: 'integer',
  [DuckDBTypeId.BIGNUM]: 'integer',
  [DuckDBTypeId.DECIMAL]: 'decimal',
  [DuckDBTypeId.FLOAT]: 'float',
  [DuckDBTypeId.DOUBLE]: 'float',
  [DuckDBTypeId.DATE]: 'date',
  [DuckDBTypeId.TIMESTAMP]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_S]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_MS]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_NS]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'timestamptz',
  [DuckDBTypeId.BLOB]: 'bytes',
  [DuckDBTypeId.LIST]: 'array',
  [DuckDBTypeId.ARRAY]: 'array',
  [DuckDBTypeId.STRUCT]: 'json',
  [DuckDBTypeId.MAP]: 'json',
  [DuckDBTypeId.UNION]: 'json',
  [DuckDBTypeId.VARIANT]: 'json',
}

/** A column of DuckDB and how to read it. */
export interface DecodedColumn {
  readonly column: Column
  readonly decode: (value: DuckDBValue) => Value
}

/** What stands for a column of that name and type. */
export function decodedColumn(name: string, duckType: DuckDBType): DecodedColumn {
  const type = typeOf(duckType)
  const sourceType = String(duckType)
  if (type !== 'array') {
    return { column: { name, type, sourceType }, decode: decoderOf(duckType, type) }
  }
  let inner = duckType
  while (inner instanceof DuckDBListType || inner instanceof DuckDBArrayType) {
    inner = inner.valueType
  }
  const element = typeOf(inner)
  return {
    column: { name, type, element, sourceType },
    decode: arrayDecoder(decoderOf(inner, element)),
  }
}

function typeOf(type: DuckDBType): ColumnType {
  if (type.typeId === DuckDBTypeId.VARCHAR && type.alias === 'JSON') return 'json'
  return types[type.typeId] ?? 'text'
}

function arrayDecoder(decode: (value: DuckDBValue) => Value): (value: DuckDBValue) => Value {
  const decodeItem = (value: DuckDBValue): Value => {
    if (value === null) return null
    if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
      return value.items.map(decodeItem)
    }
    return decode(value)
  }
  return decodeItem
}

function decoderOf(duckType: DuckDBType, type: ColumnType): (value: DuckDBValue) => Value {
  switch (type) {
    case 'boolean':
      return (value) => value as boolean
    case 'integer':
      return (value) => (typeof value === 'bigint' ? exactInteger(value) : (value as number))
    case 'float':
      return duckType.typeId === DuckDBTypeId.FLOAT
        ? (value) => shortestSingle(value as number)
        : (value) => value as number
    case 'date':
      return (value) => dateText((value as DuckDBDateValue).days)
    case 'timestamp':
    case 'timestamptz':
      return (value) => momentText(value) ?? String(value)
    case 'bytes':
      return (value) => new Uint8Array((value as DuckDBBlobValue).bytes)
    case 'json':
      return (value) =>
        duckType.typeId === DuckDBTypeId.VARCHAR ? (value as string) : jsonText(value, scalarText)
    default:
      return String
  }
}

function exactInteger(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The shortest number that is the same 32-bit float: 0.1, not 0.10000000149011612. */
function shortestSingle(value: number): number {
  if (!Number.isFinite(value)) return value
  for (let digits = 6; digits <= 9; digits++) {
    const shorter = Number(value.toPrecision(digits))
    if (Math.fround(shorter) === value) return shorter
  }
  return value
}

/** A point in time as text; null for what is none. */
function momentText(value: DuckDBValue): string | null {
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros, 6)
  if (value instanceof DuckDBTimestampTZValue) return timestampText(value.micros, 6, 'Z')
  if (value instanceof DuckDBTimestampNanosecondsValue) return timestampText(value.nanos, 9)
  if (value instanceof DuckDBTimestampMillisecondsValue) return timestampText(value.millis, 3)
  if (value instanceof DuckDBTimestampSecondsValue) return timestampText(value.seconds, 0)
  return null
}

/** A value within a document as text, for what JSON has no type for. */
function scalarText(value: DuckDBValue): string {
  if (value instanceof DuckDBDateValue) return dateText(value.days)
  if (value instanceof DuckDBBlobValue) return `\\x${Buffer.from(value.bytes).toString('hex')}`
  return momentText(value) ?? String(value)
}
