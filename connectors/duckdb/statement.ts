import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
  StatementType,
  version,
} from '@duckdb/node-api'
import { QueryError, type Reading } from '../../src/connector/index.ts'
import type { HashedColumn } from './hashed-column.ts'
import { chosenColumns, wrapQuery } from './wrapped-query.ts'

/** A column as DuckDB describes it. */
interface NamedType {
  readonly name: string
  readonly type: DuckDBType
}

/** What runs for a query, and what its rows consist of. */
export interface Planned {
  readonly statement: DuckDBPreparedStatement
  readonly text: string
  /** How many characters, all ASCII, stand before the user's text. */
  readonly head: number
  /** The columns that rows have values of. */
  readonly columns: readonly NamedType[]
  /** How what the statement returns is hashed; null where it is not. */
  readonly hashed: readonly HashedColumn[] | null
  /** As in `RowStream`. */
  readonly orderedBy?: string
}

/** Prepares the one statement of a text; throws `QueryError` where it is none that only reads. */
export async function prepareReading(
  connection: DuckDBConnection,
  text: string,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(text).catch((error) => {
    // What the binding says where there is nothing but comments and space.
    if (/native callback/.test((error as Error).message)) {
      throw new QueryError('The query is empty.', 0, { cause: error })
    }
    throw error
  })
  if (statements.count > 1) {
    throw new QueryError(
      'The query holds several statements (PIVOT without IN counts as two): leave one, a SELECT.',
      null,
    )
  }
  const statement = await statements.prepare(0)
  // Nothing else is sure to leave files and settings alone: COPY, ATTACH and INSTALL work on a read-only database too.
  const { statementType } = statement
  if (statementType === StatementType.SELECT) return statement
  statement.destroySync()
  throw notReading(StatementType[statementType])
}

/** The refusal of a statement that writes. */
export function notReading(statement: string | undefined): QueryError {
  return new QueryError(
    `A query may only read: this one is ${statement}, it has to be SELECT (or FROM, VALUES, WITH).`,
    null,
  )
}

/**
 * Prepares a query so that only the wanted columns are read, in the wanted order, and rows can be hashed; as it is where
 * DuckDB does not take it as a subquery.
 */
export async function planQuery(
  query: string,
  { columns: wanted, orderedBy }: Reading,
  prepare: (text: string) => Promise<DuckDBPreparedStatement>,
): Promise<Planned> {
  const statement = await prepare(query)
  const all = columnsOf(statement)
  const chosen = chosenColumns(
    all.map(({ name }) => name),
    wanted,
  )
  const types = all.map(({ type }) => type)
  const by = chosen.filter((index) => all[index]?.name === orderedBy)
  const [place] = by.length === 1 ? by : []
  const { text, head, hashed } = wrapQuery(query, types, chosen, place)
  const columns = chosen.map((index) => all[index] as NamedType)
  const wrapped = await prepare(text).catch(() => null)
  // A file may have changed meanwhile; an array that is hashed as another type would be misread.
  if (wrapped === null || !sameTypes(columns, columnsOf(wrapped))) {
    return { statement, text: query, head: 0, columns: all, hashed: null }
  }
  const order = place === undefined || orderedBy === undefined ? {} : { orderedBy }
  return { statement: wrapped, text, head, columns, hashed, ...order }
}

function columnsOf(statement: DuckDBPreparedStatement): NamedType[] {
  return Array.from({ length: statement.columnCount }, (_, index) => ({
    name: statement.columnName(index),
    type: statement.columnType(index),
  }))
}

/** Whether the second columns begin with the types of the first. */
function sameTypes(expected: readonly NamedType[], found: readonly NamedType[]): boolean {
  return expected.every(
    ({ type }, index) =>
      JSON.stringify(type.toJson()) === JSON.stringify(found[index]?.type.toJson()),
  )
}

/** All that hashes depend on beside the values, see `RowStream.hashedAs`. */
export function hashedAs(columns: readonly NamedType[]): string {
  return JSON.stringify({
    hash: 'MurmurHash3_x86_128 of vectors, MD5 of texts',
    server: version(),
    // Shows in the texts of what is nested; `openInstance` sets it.
    settings: { TimeZone: 'UTC' },
    columns: columns.map(({ name, type }) => [name, type.toJson()]),
  })
}
