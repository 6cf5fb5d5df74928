import type { Retention } from '../config/retention.ts'
import { type ClaimOptions, type Held, holderOf } from './claim.ts'
import type { Database } from './database.ts'
import { fold } from './fold.ts'
import { prune } from './retention.ts'

/** How large the state was and is, in bytes. */
export interface Compaction {
  readonly before: number
  readonly after: number
}

/**
 * Removes what is no longer kept, has the snapshots take in what was confirmed, and gives the room back to the disk. A file needs twice its size of free disk beside it.
 * Returns who stands in the way where a run goes on: it would have to wait for too long.
 */
export async function compact(
  database: Database,
  retention: Retention,
  options: ClaimOptions,
): Promise<Compaction | { readonly heldBy: Held }> {
  const activations = await database.read((session) =>
    session.all<{ id: number; name: string }>('select id, name from activations order by name'),
  )
  for (const { name } of activations) {
    const heldBy = await database.read((session) => holderOf(session, database, name, options))
    if (heldBy !== null) return { heldBy }
  }
  const before = await sizeOf(database)
  for (const { id } of activations) {
    await prune(database, id, retention, options.now)
    await fold(database, id)
  }
  await giveRoomBack(database)
  return { before, after: await sizeOf(database) }
}

/** Has the database write itself anew, without what is free in it. */
export async function giveRoomBack(database: Database): Promise<void> {
  for (const statement of database.phrases.compact) {
    await database.read((session) => session.all(statement))
  }
}

async function sizeOf(database: Database): Promise<number> {
  const [size] = await database.read((session) =>
    session.all<{ bytes: number }>(database.phrases.size),
  )
  return Number(size?.bytes ?? 0)
}
