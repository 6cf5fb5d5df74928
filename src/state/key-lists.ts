import type { Cell, Session } from './database.ts'

/** Well under the number of bindings that SQLite (32,766) and Postgres (65,535) take in one statement. */
const mostKeys = 500

/** Lists are filled up to one of these lengths, so that there are few statements to prepare. */
const lists = [1, 10, 20, 100].map(listOf)
const longest = listOf(mostKeys)

function listOf(length: number): { readonly length: number; readonly text: string } {
  return { length, text: `(${Array(length).fill('?').join(', ')})` }
}

/**
 * Runs `sql` over keys, some at a time: `(:keys)` in it stands for the list. `bindings` are those before the list.
 * Keys are as columns hold them, or the numbers of rows. A key that fills up a list stands in it twice, which does no harm.
 */
export async function* overKeys<Result>(
  sql: string,
  bindings: readonly Cell[],
  keys: readonly (string | number)[],
  call: (sql: string, bindings: readonly Cell[]) => Promise<Result>,
): AsyncGenerator<Result> {
  for (let start = 0; start < keys.length; start += mostKeys) {
    const some = keys.slice(start, start + mostKeys)
    const { length, text } = lists.find((list) => list.length >= some.length) ?? longest
    while (some.length < length) some.push(some[0] ?? '')
    yield await call(sql.replace('(:keys)', text), [...bindings, ...some])
  }
}

/** Changes the rows of some keys. */
export async function runOverKeys(
  session: Session,
  sql: string,
  bindings: readonly Cell[],
  keys: readonly (string | number)[],
): Promise<void> {
  for await (const _changes of overKeys(sql, bindings, keys, session.run));
}

/** Reads the rows of some keys. */
export async function allOverKeys<Row extends object>(
  session: Session,
  sql: string,
  bindings: readonly Cell[],
  keys: readonly (string | number)[],
): Promise<readonly Row[]> {
  const found: Row[] = []
  for await (const rows of overKeys(sql, bindings, keys, session.all<Row>)) found.push(...rows)
  return found
}
