import { StopRunError } from '../connector/index.ts'
import type { Database, Session } from './database.ts'
import type { Lock, LockHolder, Timestamp } from './store.ts'

export interface LockRow {
  readonly activation_id: number
  readonly token: number
  readonly holder: string | null
  readonly since: number
  readonly expires_at: number
}

/** The number that stands for an activation in this store, given at its first lock. */
export async function activationNumber(session: Session, name: string): Promise<number> {
  await session.run('insert into activations (name) values (?) on conflict (name) do nothing', [
    name,
  ])
  const id = await findActivation(session, name)
  if (id === null) throw new Error('an activation was not stored')
  return id
}

/** The activation's number; null where it never ran. */
export async function findActivation(session: Session, name: string): Promise<number | null> {
  const [row] = await session.all<{ id: number }>('select id from activations where name = ?', [
    name,
  ])
  return row?.id ?? null
}

/** Takes the lock, or says who has it; see `StateStore.acquireLock`. */
export async function acquireLock(
  database: Database,
  activation: string,
  holder: string,
  now: Timestamp,
  leaseMilliseconds: number,
  hasEnded: (holder: string) => boolean = () => false,
): Promise<Lock | LockHolder> {
  return database.write(async (session) => {
    const id = await activationNumber(session, activation)
    await session.run(
      'insert into locks (activation_id, token, since, expires_at) values (?, 0, 0, 0) on conflict (activation_id) do nothing',
      [id],
    )
    const [row] = await readLock(session, database, activation)
    if (row === undefined) throw new Error('a lock was not stored')
    if (row.holder !== null && row.expires_at > now && !hasEnded(row.holder)) {
      return { holder: row.holder, since: row.since, expiresAt: row.expires_at }
    }
    const token = row.token + 1
    await session.run(
      'update locks set token = ?, holder = ?, since = ?, expires_at = ? where activation_id = ?',
      [token, holder, now, now + leaseMilliseconds, id],
    )
    return { activation, token }
  })
}

/** Prolongs the lease, also one that ended and that nobody took over; false where it is no longer ours. */
export async function renewLock(
  database: Database,
  lock: Lock,
  expiresAt: Timestamp,
): Promise<boolean> {
  const changed = await database.write((session) =>
    session.run(
      'update locks set expires_at = ? where activation_id = (select id from activations where name = ?) and token = ? and holder is not null',
      [expiresAt, lock.activation, lock.token],
    ),
  )
  return changed === 1
}

/** Gives the lock back. The row stays, so that tokens keep growing. */
export async function releaseLock(database: Database, lock: Lock): Promise<void> {
  await database.write((session) =>
    session.run(
      'update locks set holder = null, expires_at = 0 where activation_id = (select id from activations where name = ?) and token = ?',
      [lock.activation, lock.token],
    ),
  )
}

/** A transaction of the lock's holder, `how` being that of `Database`. Throws `StopRunError`, with nothing written, where the lock is no longer ours. */
export async function writeAsHolder<Result>(
  database: Database,
  lock: Lock,
  work: (session: Session, activation: number) => Promise<Result>,
  how: 'write' | 'stage' = 'write',
): Promise<Result> {
  return database[how](async (session) => {
    const [row] = await readLock(session, database, lock.activation)
    if (row?.token !== lock.token || row.holder === null) {
      throw new StopRunError(
        `Another run took over the activation ${lock.activation}. This run stops and records nothing more; its requests in flight may have been applied.`,
      )
    }
    return work(session, row.activation_id)
  })
}

/** The activation's lock, held until the transaction ends. */
export function readLock(
  session: Session,
  database: Database,
  activation: string,
): Promise<readonly LockRow[]> {
  return session.all<LockRow>(
    `select activation_id, token, holder, since, expires_at from locks
    where activation_id = (select id from activations where name = ?) ${database.phrases.holdRows}`,
    [activation],
  )
}
