import type { Reading } from '../../src/connector/index.ts'
import type { FieldDescription } from './describe.ts'

/** A statement as it is sent. */
export interface Statement {
  readonly text: string
  /** The query as the user wrote it. */
  readonly query: string
  /** Where it begins in the text, in code points, as Postgres counts. */
  readonly start: number
}

/** The user's query as it is. */
export function asWritten(query: string): Statement {
  return { text: query, query, start: 0 }
}

/**
 * A statement that reads only the wanted columns of a query, in the query's order of columns, and in its order of rows or
 * in the one that is wanted. Null where it would read just what the query does, and where what is wanted is not the name
 * of exactly one column.
 */
export function narrowed(
  query: string,
  fields: readonly FieldDescription[],
  { columns, orderedBy }: Reading,
): { readonly statement: Statement; readonly fields: readonly FieldDescription[] } | null {
  const wanted = new Set(columns)
  const some = fields.filter(({ name }) => wanted.has(name))
  const kept = columns !== undefined && some.length === wanted.size ? some : fields
  if (kept.length === fields.length && orderedBy === undefined) return null
  const names = new Set(kept.map(({ name }) => name))
  if (names.size !== kept.length || (orderedBy !== undefined && !names.has(orderedBy))) return null
  const list = kept.map(({ name }) => ` ${quoted(name)}`).join(',')
  const before = `select${list} from (\n`
  const by = kept.find(({ name }) => name === orderedBy)
  const order = by === undefined ? '' : ` order by ${inOrderOfText(by)}`
  const text = `${before}${withoutSemicolons(query)}\n) as "query"${order}`
  return { statement: { text, query, start: [...before].length }, fields: kept }
}

/** See the table pg_type: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat */
const uuid = 2950

/** What sorts rows by the bytes of a column's text. */
function inOrderOfText({ name, dataTypeID }: FieldDescription): string {
  // These have the order of their texts, which are slower to make and to compare, and an index may have it already.
  if (dataTypeID === uuid) return quoted(name)
  // The collation "C" compares bytes: https://www.postgresql.org/docs/current/collation.html
  return `${quoted(name)}::text collate "C"`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Whether rows of the one and of the other are read alike. */
export function sameFields(
  some: readonly FieldDescription[] | null,
  others: readonly FieldDescription[],
): boolean {
  return (
    some?.length === others.length &&
    some.every((field, index) => {
      const other = others[index]
      return (
        field.name === other?.name &&
        field.dataTypeID === other.dataTypeID &&
        field.dataTypeModifier === other.dataTypeModifier
      )
    })
  )
}

// What this takes for the end although it stands in a text or a quoted name leaves that open, which Postgres refuses.
const end = /;(?:[\s;]|--[^\n\r]*(?=[\n\r]|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*$/

/** The query without the semicolons at its end, and without the comments after them. */
function withoutSemicolons(query: string): string {
  return query.replace(end, '')
}
