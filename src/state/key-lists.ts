import type { Cell, Session } from './database.ts'

/** Well under the number of bindings that SQLite (32,766) and Postgres (65,535) take in one statement. */
const mostKeys = 500

/** Lists are filled up to one of these lengths, so that there are few statements to prepare. */
const lengths = [1, 10, 20, 100, mostKeys]

const lists = new Map(lengths.map((length) => [length, `(${Array(length).fill('?').join(', ')})`]))

/** How many keys stand in the list, for so many. */
function lengthFor(keys: number): number {
  return lengths.find((length) => length >= keys) ?? mostKeys
}

function statement(sql: string, length: number): string {
  return sql.replace('(:keys)', lists.get(length) as string)
}

/** What the list is filled with from `start` on: a key that fills it up stands in it twice, which does no harm. */
function bindingsOf(
  bindings: readonly Cell[],
  keys: readonly (string | number)[],
  start: number,
  length: number,
): readonly Cell[] {
  const all = [...bindings]
  for (let at = start; at < start + length; at += 1) {
    all.push(keys[at < keys.length ? at : start] as Cell)
  }
  return all
}

/**
 * Changes the rows of some keys, some at a time: `(:keys)` in the SQL stands for the list. `bindings` are those before it.
 * Keys are as columns hold them, or the numbers of rows. Returns how many rows changed.
 */
export async function runOverKeys(
  session: Session,
  sql: string,
  bindings: readonly Cell[],
  keys: readonly (string | number)[],
): Promise<number> {
  let changes = 0
  for (let start = 0; start < keys.length; start += mostKeys) {
    const length = lengthFor(keys.length - start)
    changes += await session.run(statement(sql, length), bindingsOf(bindings, keys, start, length))
  }
  return changes
}

/** Reads the rows of some keys, as `runOverKeys` changes them. */
export async function allOverKeys<Row extends object>(
  session: Session,
  sql: string,
  bindings: readonly Cell[],
  keys: readonly (string | number)[],
): Promise<readonly Row[]> {
  const found: Row[] = []
  for (let start = 0; start < keys.length; start += mostKeys) {
    const length = lengthFor(keys.length - start)
    const rows = await session.all<Row>(
      statement(sql, length),
      bindingsOf(bindings, keys, start, length),
    )
    for (const row of rows) found.push(row)
  }
  return found
}
