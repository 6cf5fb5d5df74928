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
 * A statement that reads only some columns of a query, in the query's order of columns and of rows.
 * Null where it would read all of them, and where not each one of `wanted` is the name of exactly one column.
 */
export function narrowed(
  query: string,
  fields: readonly FieldDescription[],
  wanted: readonly string[],
): { readonly statement: Statement; readonly fields: readonly FieldDescription[] } | null {
  const names = new Set(wanted)
  const kept = fields.filter(({ name }) => names.has(name))
  if (kept.length === fields.length || kept.length !== names.size) return null
  if (new Set(kept.map(({ name }) => name)).size !== kept.length) return null
  const list = kept.map(({ name }) => ` "${name.replaceAll('"', '""')}"`).join(',')
  const before = `select${list} from (\n`
  const text = `${before}${withoutSemicolons(query)}\n) as "query"`
  return { statement: { text, query, start: [...before].length }, fields: kept }
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
