import type { Cell } from './database.ts'

/** The protocol counts the bindings of a statement in 16 bits. */
const mostBindings = 65_535

/** `?` as `$1`, `$2` and so on. The store's statements have no other question marks. */
export function numbered(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => {
    count += 1
    return `$${count}`
  })
}

/**
 * An `insert ... values (...)` for many lists of bindings as few statements of many tuples, since each statement
 * costs a round trip. Null where `sql` is something else.
 */
export function multiRow(
  sql: string,
  list: readonly (readonly Cell[])[],
): { readonly sql: string; readonly bindings: Cell[] }[] | null {
  const start = /^\s*insert\s.*?\svalues\s*(?=\()/is.exec(sql)?.[0].length
  if (start === undefined) return null
  const end = closing(sql, start)
  const [before, tuple, after] = [sql.slice(0, start), sql.slice(start, end), sql.slice(end)]
  const rows = Math.max(1, Math.floor(mostBindings / Math.max(1, list[0]?.length ?? 1)))
  const statements = []
  for (let first = 0; first < list.length; first += rows) {
    const some = list.slice(first, first + rows)
    const tuples = some.map(() => tuple).join(', ')
    statements.push({ sql: numbered(`${before}${tuples}${after}`), bindings: some.flat() })
  }
  return statements
}

/** The place after the bracket that closes the one at `start`. */
function closing(sql: string, start: number): number {
  let depth = 0
  for (let index = start; index < sql.length; index += 1) {
    if (sql[index] === '(') depth += 1
    if (sql[index] === ')') depth -= 1
    if (depth === 0) return index + 1
  }
  throw new Error('a statement has a bracket that is not closed')
}
