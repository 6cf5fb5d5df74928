import { DuckDBDecimalType, DuckDBEnumType, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api'
import { exactText } from './exact-text.ts'

/** How a column goes into the hash of a row. */
export interface HashedColumn {
  /** Bytes that a value has in its vector. */
  readonly width: number
  /** How many 32-bit words of them, from the first, are taken; a value of one or two bytes is one word. */
  readonly words: number
  /** An SQL expression for what the words do not say; null where they say all. */
  readonly text: string | null
}

/** Bytes per value: https://github.com/duckdb/duckdb/blob/v1.5.0/src/common/types.cpp (`GetTypeIdSize`). */
const widths: Readonly<Partial<Record<DuckDBTypeId, number>>> = {
  [DuckDBTypeId.BOOLEAN]: 1,
  [DuckDBTypeId.TINYINT]: 1,
  [DuckDBTypeId.UTINYINT]: 1,
  [DuckDBTypeId.SMALLINT]: 2,
  [DuckDBTypeId.USMALLINT]: 2,
  [DuckDBTypeId.INTEGER]: 4,
  [DuckDBTypeId.UINTEGER]: 4,
  [DuckDBTypeId.BIGINT]: 8,
  [DuckDBTypeId.UBIGINT]: 8,
  [DuckDBTypeId.HUGEINT]: 16,
  [DuckDBTypeId.UHUGEINT]: 16,
  [DuckDBTypeId.FLOAT]: 4,
  [DuckDBTypeId.DOUBLE]: 8,
  [DuckDBTypeId.DATE]: 4,
  [DuckDBTypeId.TIME]: 8,
  [DuckDBTypeId.TIME_NS]: 8,
  [DuckDBTypeId.TIME_TZ]: 8,
  [DuckDBTypeId.TIMESTAMP]: 8,
  [DuckDBTypeId.TIMESTAMP_S]: 8,
  [DuckDBTypeId.TIMESTAMP_MS]: 8,
  [DuckDBTypeId.TIMESTAMP_NS]: 8,
  [DuckDBTypeId.TIMESTAMP_TZ]: 8,
  [DuckDBTypeId.INTERVAL]: 16,
  [DuckDBTypeId.UUID]: 16,
}

/** A digest of the columns' texts, in a column of its own. */
export const digestColumn: HashedColumn = { width: 16, words: 4, text: null }

/** How the column that SQL calls `name` is hashed; null where its type cannot be. */
export function hashedColumn(name: string, type: DuckDBType): HashedColumn | null {
  const width = widthOf(type)
  if (width !== undefined) return { width, words: Math.max(1, width / 4), text: null }
  if (type.typeId === DuckDBTypeId.VARCHAR || type.typeId === DuckDBTypeId.BLOB) {
    // The first word is the length in bytes, so that texts may be joined without marks between them:
    // https://github.com/duckdb/duckdb/blob/v1.5.0/src/include/duckdb/common/types/string_type.hpp
    return { width: 16, words: 1, text: `${name}::varchar` }
  }
  const text = exactText(name, type)
  return text === null ? null : { width: 0, words: 0, text }
}

function widthOf(type: DuckDBType): number | undefined {
  if (type instanceof DuckDBEnumType) return widths[type.internalTypeId]
  if (type instanceof DuckDBDecimalType) {
    const { width } = type
    if (width <= 4) return 2
    if (width <= 9) return 4
    return width <= 18 ? 8 : 16
  }
  return widths[type.typeId]
}
