import { type ClaimOptions, claim, type Held } from './claim.ts'
import { countKeys } from './count-keys.ts'
import type { Database } from './database.ts'
import { findActivation } from './lock.ts'

/** What is kept per run, and per activation. */
const ofRuns = ['operations', 'sending', 'applied', 'outcomes'] as const
const ofActivations = ['failures', 'confirmations', 'snapshot', 'runs'] as const

/** The activations of which something is kept, by name. */
export async function knownActivations(database: Database): Promise<readonly string[]> {
  const rows = await database.read((session) =>
    session.all<{ name: string }>(
      `select name from activations a where exists (select 1 from runs where activation_id = a.id)
        or exists (select 1 from confirmations where activation_id = a.id)
        or exists (select 1 from snapshot where activation_id = a.id) order by name`,
    ),
  )
  return rows.map(({ name }) => name)
}

/**
 * Removes all that is known of an activation, in one transaction: its snapshot, runs, outcomes and failures. The target
 * is not touched. Its lock stays, so that a holder that was paused cannot write afterwards.
 * Returns the number of keys that were known, or who holds it.
 */
export async function forget(
  database: Database,
  activation: string,
  options: ClaimOptions,
): Promise<{ readonly keys: number } | { readonly heldBy: Held }> {
  return database.write(async (session) => {
    if ((await findActivation(session, activation)) === null) return { keys: 0 }
    const claimed = await claim(session, database, activation, options)
    if ('heldBy' in claimed) return claimed
    const keys = await countKeys(session, claimed.id)
    for (const table of ofRuns) {
      await session.run(
        `delete from ${table} where run_id in (select id from runs where activation_id = ?)`,
        [claimed.id],
      )
    }
    for (const table of ofActivations) {
      await session.run(`delete from ${table} where activation_id = ?`, [claimed.id])
    }
    await session.run(
      `update activations set target = null, object = null, key_field = null, snapshot_token = null,
        keys_from = null, workspace = null, login = null where id = ?`,
      [claimed.id],
    )
    return { keys }
  })
}
