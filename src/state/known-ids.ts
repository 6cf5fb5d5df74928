import type { Session } from './database.ts'
import type { KeysOf } from './store.ts'
import { fromColumn, toColumn } from './text.ts'

/** Well under the number of bindings that SQLite and Postgres take in one statement. */
const valuesPerLookup = 500

/** See `StateStore.knownIds`. */
export async function findKnownIds(
  session: Session,
  { target, object, field }: KeysOf,
  values: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (let start = 0; start < values.length; start += valuesPerLookup) {
    const some = values.slice(start, start + valuesPerLookup).map(toColumn)
    const rows = await session.all<{ key: string; target_id: string }>(
      `select s.key, s.target_id from snapshot s join activations a on a.id = s.activation_id
       where a.target = ? and a.object = ? and a.key_field = ? and s.removed is null and s.target_id is not null
       and s.key in (${some.map(() => '?').join(', ')}) order by s.confirmed_at`,
      [target, object, field, ...some],
    )
    for (const row of rows) found.set(fromColumn(row.key), fromColumn(row.target_id))
  }
  return found
}
