import { type ClaimOptions, type Held, holderOf } from './claim.ts'
import { countKeys } from './count-keys.ts'
import type { Database } from './database.ts'
import { countOpenFailures } from './failures.ts'
import type { Timestamp } from './store.ts'

/** What the state holds of one activation. */
export interface ActivationContents {
  readonly activation: string
  /** Keys of its snapshot. */
  readonly keys: number
  readonly openFailures: number
  /** Runs that are remembered. */
  readonly runs: number
  readonly lastRunAt: Timestamp | null
  /** The run that holds it; null where none does. */
  readonly heldBy: Held | null
}

/** What the state is and holds. */
export interface StateContents {
  readonly schemaVersion: number
  readonly bytes: number
  /** Bytes that are free for use within the file; null where the database does not tell. */
  readonly freeBytes: number | null
  /** By name, without those that were forgotten. */
  readonly activations: readonly ActivationContents[]
}

interface ActivationRow {
  readonly id: number
  readonly name: string
  readonly runs: number
  readonly last_run_at: number | null
}

/** Looks at the whole state. Counts every key, which takes about a second for each ten million, and one more for what the snapshots have not taken in. */
export async function inspect(database: Database, options: ClaimOptions): Promise<StateContents> {
  return database.read(async (session) => {
    const [version] = await session.all<{ name: string }>(
      'select max(name) as name from schema_migrations',
    )
    const [size] = await session.all<{ bytes: number; free: number | null }>(database.phrases.size)
    const rows = await session.all<ActivationRow>(
      `select a.id, a.name,
        (select count(*) from runs r where r.activation_id = a.id) as runs,
        (select max(started_at) from runs r where r.activation_id = a.id) as last_run_at
       from activations a order by a.name`,
    )
    const failures = await countOpenFailures(session)
    const activations: ActivationContents[] = []
    for (const { id, name, runs, last_run_at } of rows) {
      const keys = await countKeys(session, id)
      const heldBy = await holderOf(session, database, name, options)
      const openFailures = failures
        .filter(({ activation }) => activation === name)
        .reduce((sum, { count }) => sum + count, 0)
      if (keys === 0 && runs === 0 && openFailures === 0 && heldBy === null) continue
      activations.push({
        activation: name,
        keys,
        openFailures,
        runs,
        lastRunAt: last_run_at,
        heldBy,
      })
    }
    return {
      schemaVersion: Number(version?.name ?? 0),
      bytes: Number(size?.bytes ?? 0),
      freeBytes: size?.free ?? null,
      activations,
    }
  })
}
