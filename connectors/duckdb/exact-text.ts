import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
} from '@duckdb/node-api'

/** Types whose text is exact and may hold any character. */
const free: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.VARCHAR,
  DuckDBTypeId.BLOB,
  DuckDBTypeId.ENUM,
])

/** Types whose text is exact, never empty, and without semicolons. */
const plain: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.BIGNUM,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIME,
  DuckDBTypeId.TIME_NS,
  DuckDBTypeId.TIME_TZ,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
  DuckDBTypeId.INTERVAL,
  DuckDBTypeId.UUID,
  DuckDBTypeId.BIT,
  DuckDBTypeId.SQLNULL,
])

/**
 * An SQL expression for a value as text, such that different values have different texts, no text is the start of
 * another, and NULL has one of its own: texts may be joined. Null where that cannot be said of the type.
 */
export function exactText(value: string, type: DuckDBType, depth = 0): string | null {
  if (plain.has(type.typeId)) return `concat(${value}::varchar, ';')`
  if (free.has(type.typeId)) return `concat(strlen(${value}::varchar), ':', ${value}::varchar, ';')`
  // `concat` takes NULL for nothing, so a list that is NULL has no length.
  const list = (items: string, item: (name: string) => string | null) => {
    const name = `x${depth}`
    const text = item(name)
    return text === null
      ? null
      : `concat(len(${items}), '[', array_to_string(list_transform(${items}, lambda ${name}: ${text}), ''), ']')`
  }
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    return list(value, (name) => exactText(name, type.valueType, depth + 1))
  }
  if (type instanceof DuckDBMapType) {
    return list(`map_entries(${value})`, (name) =>
      joined([
        exactText(`${name}.key`, type.keyType, depth + 1),
        exactText(`${name}.value`, type.valueType, depth + 1),
      ]),
    )
  }
  if (type instanceof DuckDBStructType) {
    return joined([
      `(${value} is null)::varchar`,
      ...type.entryTypes.map((entry, index) =>
        exactText(`struct_extract_at(${value}, ${index + 1})`, entry, depth),
      ),
    ])
  }
  if (type instanceof DuckDBUnionType) {
    return joined([
      `concat(strlen(union_tag(${value})::varchar), ':', union_tag(${value}), ';')`,
      ...type.memberTypes.map((member, index) => {
        const tag = `'${type.memberTags[index]?.replaceAll("'", "''")}'`
        return exactText(`union_extract(${value}, ${tag})`, member, depth)
      }),
    ])
  }
  return null
}

function joined(texts: readonly (string | null)[]): string | null {
  return texts.includes(null) ? null : `concat(${texts.join(', ')})`
}
