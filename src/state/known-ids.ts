import type { Session } from './database.ts'
import { allOverKeys } from './key-lists.ts'
import type { KeysOf } from './store.ts'
import { fromColumn, toColumn } from './text.ts'

/** See `StateStore.knownIds`. */
export async function findKnownIds(
  session: Session,
  { target, object, field }: KeysOf,
  values: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await allOverKeys<{ key: string; target_id: string }>(
    session,
    `select s.key, s.target_id from snapshot s join activations a on a.id = s.activation_id
     where a.target = ? and a.object = ? and a.key_field = ? and s.removed is null and s.target_id is not null
     and s.key in (:keys) order by coalesce(s.confirmed_at, 0)`,
    [target, object, field],
    values.map(toColumn),
  )
  return new Map(rows.map((row) => [fromColumn(row.key), fromColumn(row.target_id)]))
}
