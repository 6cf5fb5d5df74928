import type { Confirmations } from './confirmations.ts'
import type { Session } from './database.ts'
import { allOverKeys } from './key-lists.ts'
import type { KeysOf } from './store.ts'
import { fromColumn, toColumn } from './text.ts'

interface KnownRow {
  readonly key: string
  readonly target_id: string | null
  readonly removed: string | null
  readonly confirmed_at: number | null
}

const known = 'target_id, removed, confirmed_at'

/** See `StateStore.knownIds`. */
export async function findKnownIds(
  session: Session,
  confirmations: Confirmations,
  { target, object, field }: KeysOf,
  values: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const keys = values.map(toColumn)
  const activations = await session.all<{ id: number }>(
    'select id from activations where target = ? and object = ? and key_field = ?',
    [target, object, field],
  )
  const found: KnownRow[] = []
  for (const { id } of activations) {
    const { confirmed, others } = await confirmations.find<KnownRow>(session, id, keys, known)
    const inSnapshot = await allOverKeys<KnownRow>(
      session,
      `select key, ${known} from snapshot where activation_id = ? and key in (:keys)`,
      [id],
      others,
    )
    found.push(...confirmed, ...inSnapshot)
  }
  found.sort((one, other) => (one.confirmed_at ?? 0) - (other.confirmed_at ?? 0))
  const ids = new Map<string, string>()
  for (const { key, target_id, removed } of found) {
    if (removed === null && target_id !== null) ids.set(fromColumn(key), fromColumn(target_id))
  }
  return ids
}
