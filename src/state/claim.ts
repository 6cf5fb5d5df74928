import type { Database, Session } from './database.ts'
import { activationNumber, readLock } from './lock.ts'
import type { LockHolder, Timestamp } from './store.ts'

/** When it is, and who is known to be gone: see `StateStore.acquireLock`. */
export interface ClaimOptions {
  readonly now: Timestamp
  readonly hasEnded: (holder: string) => boolean
}

/** A run that stands in the way. */
export interface Held extends LockHolder {
  readonly activation: string
}

/**
 * Takes an activation for the caller's transaction: until it ends nobody else gets the lock, and afterwards a holder
 * that was not heard of for too long may not write any more. Returns who has it where a run holds it.
 */
export async function claim(
  session: Session,
  database: Database,
  activation: string,
  options: ClaimOptions,
): Promise<{ readonly id: number } | { readonly heldBy: Held }> {
  const id = await activationNumber(session, activation)
  await session.run(
    'insert into locks (activation_id, token, since, expires_at) values (?, 0, 0, 0) on conflict (activation_id) do nothing',
    [id],
  )
  const heldBy = await holderOf(session, database, activation, options)
  if (heldBy !== null) return { heldBy }
  await session.run(
    'update locks set token = token + 1, holder = null, expires_at = 0 where activation_id = ?',
    [id],
  )
  return { id }
}

/** The run that holds an activation; null where none does. */
export async function holderOf(
  session: Session,
  database: Database,
  activation: string,
  { now, hasEnded }: ClaimOptions,
): Promise<Held | null> {
  const [row] = await readLock(session, database, activation)
  if (row === undefined || row.holder === null) return null
  if (row.expires_at <= now || hasEnded(row.holder)) return null
  return { activation, holder: row.holder, since: row.since, expiresAt: row.expires_at }
}
