import { setImmediate } from 'node:timers/promises'
import Libsql from 'libsql'
import type { Cell } from './database.ts'
import { isBusy } from './sqlite-errors.ts'

/** The part of a libsql connection that is used here. It is synchronous. */
export interface Connection {
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
  readonly inTransaction: boolean
}

export interface Statement {
  all(bindings: readonly Cell[]): object[]
  run(bindings: readonly Cell[]): { readonly changes: number }
}

/**
 * The driver waits in place while another connection writes, which takes milliseconds. So that nothing else of this
 * process stands still for long, it waits briefly, and then again: ten seconds in all.
 */
const busyMilliseconds = 20
const busyTries = 500

/**
 * Of files that are made new. A record and what was sent of it take half a kilobyte: in pages of 4 KB a tenth of the
 * room is left over, and finding a key takes more steps; larger ones are more to write for each record that changes.
 */
const pageBytes = 8_192

// An outcome that was recorded survives a power cut. Keys come in random order: more room for pages finds few of them again.
const durably = 'PRAGMA synchronous = FULL; PRAGMA cache_size = -4000'
// The disk is waited for by the next durable transaction, for all before it. What is only added needs few pages.
const loosely = 'PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1000'

/** Opens or creates a file. Throws the driver's errors. */
export async function connect(file: string): Promise<Connection> {
  // Its types are those of a library that returns more.
  const connection = new Libsql(file) as unknown as Connection
  try {
    await patiently(async () => {
      connection.exec(`PRAGMA busy_timeout = ${busyMilliseconds}`)
      connection.exec(`PRAGMA page_size = ${pageBytes}`)
      // Readers and the writer do not wait for each other, and a commit is one write and one sync.
      connection.prepare('PRAGMA journal_mode = WAL').all([])
      connection.exec(durably)
      connection.exec('PRAGMA foreign_keys = ON')
      connection.prepare('PRAGMA wal_autocheckpoint = 4000').all([])
    })
  } catch (error) {
    connection.close()
    throw error
  }
  return connection
}

/** Calls again while the file is busy; other work of the process goes on in between. */
export async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      if (!isBusy(error) || tries >= busyTries) throw error
      await setImmediate()
    }
  }
}

/**
 * Begins a transaction. One that reads first and then writes fails at once, without waiting, when another process
 * wrote between: so each takes the right to write at its start.
 */
export async function begin(connection: Connection): Promise<void> {
  // A commit that failed for want of disk leaves its transaction open.
  if (connection.inTransaction) connection.exec('ROLLBACK')
  await patiently(async () => connection.exec('BEGIN IMMEDIATE'))
}

/** One durable transaction; it is rolled back where `work` throws. */
export async function transact<Result>(
  connection: Connection,
  work: () => Promise<Result>,
): Promise<Result> {
  await begin(connection)
  try {
    const result = await work()
    connection.exec('COMMIT')
    return result
  } catch (error) {
    try {
      if (connection.inTransaction) connection.exec('ROLLBACK')
    } catch {
      // The next transaction begins with it; what went wrong first is what counts.
    }
    throw error
  }
}

/** One transaction that is durable with the next one of `transact`. */
export async function stage<Result>(
  connection: Connection,
  work: () => Promise<Result>,
): Promise<Result> {
  // Neither can be changed within a transaction.
  if (connection.inTransaction) connection.exec('ROLLBACK')
  connection.exec(loosely)
  try {
    return await transact(connection, work)
  } finally {
    if (connection.inTransaction) connection.exec('ROLLBACK')
    connection.exec(durably)
  }
}
