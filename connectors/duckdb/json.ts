import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from '@duckdb/node-api'

/**
 * A nested value as a JSON document. Numbers keep every digit; a map's keys become text;
 * NaN, infinities and what else JSON has no type for become strings, by `scalarText`.
 */
export function jsonText(value: DuckDBValue, scalarText: (value: DuckDBValue) => string): string {
  const write = (inner: DuckDBValue): string => {
    if (inner === null) return 'null'
    switch (typeof inner) {
      case 'boolean':
      case 'bigint':
        return String(inner)
      case 'string':
        return JSON.stringify(inner)
      case 'number':
        return Number.isFinite(inner) ? JSON.stringify(inner) : `"${inner}"`
    }
    if (inner instanceof DuckDBDecimalValue) return inner.toString()
    if (inner instanceof DuckDBListValue || inner instanceof DuckDBArrayValue) {
      return `[${inner.items.map(write).join(',')}]`
    }
    if (inner instanceof DuckDBStructValue) {
      const members = Object.entries(inner.entries).map(
        ([name, member]) => `${JSON.stringify(name)}:${write(member)}`,
      )
      return `{${members.join(',')}}`
    }
    if (inner instanceof DuckDBMapValue) {
      const members = inner.entries.map(({ key, value: member }) => {
        const name = typeof key === 'string' ? key : scalarText(key)
        return `${JSON.stringify(name)}:${write(member)}`
      })
      return `{${members.join(',')}}`
    }
    if (inner instanceof DuckDBUnionValue || inner instanceof DuckDBVariantValue) {
      return write(inner.value)
    }
    return JSON.stringify(scalarText(inner))
  }
  return write(value)
}
