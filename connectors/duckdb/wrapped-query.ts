import type { DuckDBType } from '@duckdb/node-api'
import { digestColumn, type HashedColumn, hashedColumn } from './hashed-column.ts'
import { withoutEnd } from './sql.ts'

/** The user's query within one that reads some of its columns, and adds what the hashes of rows need. */
export interface WrappedQuery {
  readonly text: string
  /** How many characters, all ASCII, stand before the user's text. */
  readonly head: number
  /** The columns that it returns, as they are hashed; null where one cannot be. Those beyond the wanted are no row's. */
  readonly hashed: readonly HashedColumn[] | null
}

/** The places of the wanted columns among `names`, in their order; of all where one is missing or there twice. */
export function chosenColumns(
  names: readonly string[],
  wanted: readonly string[] | undefined,
): readonly number[] {
  const all = [...names.keys()]
  const chosen = all.filter((index) => wanted?.includes(names[index] as string))
  const found = new Set(chosen.map((index) => names[index]))
  const once = found.size === chosen.length && wanted?.every((name) => found.has(name))
  return once && chosen.length > 0 ? chosen : all
}

/**
 * Wraps a query that returns columns of these types, to read the chosen ones, sorted by the text of the column at
 * `orderedBy` where there is one; else a subquery keeps its order:
 * https://duckdb.org/docs/stable/sql/dialect/order_preservation
 */
export function wrapQuery(
  query: string,
  types: readonly DuckDBType[],
  chosen: readonly number[],
  orderedBy?: number,
): WrappedQuery {
  // Columns are renamed by place: names may be there twice, or differ by letter case only.
  const name = (index: number) => `c${index}`
  const columns = chosen.map((index) => hashedColumn(name(index), types[index] as DuckDBType))
  const hashed = columns.every((column) => column !== null) ? columns : null
  const texts = hashed?.flatMap(({ text }) => text ?? []) ?? []
  const digest = texts.length === 0 ? [] : [`md5_number(concat(${texts.join(', ')}))`]
  // Under the collation "binary" texts are compared as UTF-8: https://duckdb.org/docs/stable/sql/expressions/collations
  const order =
    orderedBy === undefined ? '' : ` order by ${name(orderedBy)}::varchar collate "binary"`
  const head = `select ${[...chosen.map(name), ...digest].join(', ')} from (`
  return {
    // A comment at the end of the query ends with its line.
    text: `${head}${withoutEnd(query)}\n) as query(${types.map((_, index) => name(index)).join(', ')})${order}`,
    head: head.length,
    hashed: hashed === null ? null : [...hashed, ...digest.map(() => digestColumn)],
  }
}
