import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StateLocation } from '../config/project.ts'
import { defaultRetention, type Retention } from '../config/retention.ts'
import { type Clock, ConfigurationError } from '../connector/index.ts'
import { StoredAdoption } from './adoption.ts'
import { readBasis } from './basis.ts'
import { Confirmations } from './confirmations.ts'
import type { Database } from './database.ts'
import { countOpenFailures, readFailures, releaseFailures } from './failures.ts'
import { findKnownIds } from './known-ids.ts'
import { acquireLock, releaseLock, renewLock } from './lock.ts'
import { prune } from './retention.ts'
import { StoredRun } from './run-state.ts'
import { beginRun, readRuns } from './runs.ts'
import { StoredSnapshot } from './snapshot.ts'
import type { StateStore } from './store.ts'
import { StoredEntries } from './stored-entries.ts'
import { type IndexOptions, StoredIndex } from './stored-index.ts'
import { dropValues } from './values.ts'

export interface StateOptions {
  /** A SQLite file, or a Postgres server. */
  readonly location: StateLocation
  readonly clock: Clock
  /** False: where there is no state, none is made, and the store is empty and forgets what it is told. */
  readonly create: boolean
  /** How long history is kept; the default where it is left out, as where nothing is written. */
  readonly retention?: Retention
  /** Absent where no index is kept beside the snapshots. */
  readonly index?: IndexOptions | undefined
}

/**
 * Opens the database of the state, as `openStateStore` does; null where there is none and none is to be made.
 */
export async function openDatabase({
  location,
  create,
}: Pick<StateOptions, 'location' | 'create'>): Promise<Database | null> {
  // What opens them takes time to load: commands that remember nothing do without.
  if (location.kind === 'postgres') {
    const { openPostgres } = await import('./postgres.ts')
    return await openPostgres(location.url, create)
  }
  if (!create && !existsSync(location.file)) return null
  const { openSqlite } = await import('./sqlite.ts')
  makePrivate(location.file)
  return await openSqlite(location.file)
}

/**
 * Opens the state store and brings its schema to this version.
 * Throws `ConfigurationError` where it cannot be used (not ours, damaged, newer, no permission), `StopRunError`
 * where another process keeps the file locked or the server cannot be reached.
 */
export async function openStateStore(options: StateOptions): Promise<StateStore> {
  const database = await openDatabase(options)
  if (database !== null) return stateStore(database, options.clock, options)
  const { openSqlite } = await import('./sqlite.ts')
  return stateStore(await openSqlite(':memory:'), options.clock)
}

/** Makes the folder and the file where they are missing, closed to other users: SQLite gives its side files the mode of the file. */
function makePrivate(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    if (existsSync(file) && statSync(file).isDirectory()) {
      throw new ConfigurationError(
        `The state file ${file} is a folder. Name a file as \`state\`, such as ${file}/state.db.`,
      )
    }
    closeSync(openSync(file, 'a', 0o600))
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
    throw new ConfigurationError(
      `The state file ${file} cannot be opened${code}. Check that its folder can be made and that this user may write in it.`,
    )
  }
}

/** The store over any database that has the schema. */
export function stateStore(
  database: Database,
  clock: Clock,
  { retention = defaultRetention, index }: Pick<StateOptions, 'retention' | 'index'> = {},
): StateStore {
  const confirmations = new Confirmations(database)
  return {
    acquireLock: (activation, holder, leaseMilliseconds, hasEnded) =>
      acquireLock(database, activation, holder, clock.now(), leaseMilliseconds, hasEnded),
    renewLock: (lock, leaseMilliseconds) =>
      renewLock(database, lock, clock.now() + leaseMilliseconds),
    releaseLock: (lock) => releaseLock(database, lock),
    startRun: async (lock, about) => {
      const { identifier, settings, keepValues } = about
      const { run, activation, pass } = await beginRun(
        database,
        confirmations,
        lock,
        about,
        clock.now(),
      )
      await prune(database, activation, retention, clock.now())
      if (!keepValues) await dropValues(database, activation)
      return new StoredRun({
        database,
        confirmations,
        clock,
        retention,
        lock,
        run,
        activation,
        identifier,
        settings,
        keepValues,
        pass,
        index,
      })
    },
    startAdoption: async (lock, about) => {
      const { run, activation } = await beginRun(database, confirmations, lock, about, clock.now())
      await prune(database, activation, retention, clock.now())
      const { keepValues } = about
      if (!keepValues) await dropValues(database, activation)
      return new StoredAdoption({
        database,
        confirmations,
        clock,
        lock,
        run,
        activation,
        keepValues,
      })
    },
    snapshot: (activation) => new StoredSnapshot(database, confirmations, activation, clock, null),
    basis: (activation) => readBasis(database, activation),
    index: (activation) =>
      index === undefined ? null : new StoredIndex(database, activation, index.folder),
    sorted: (activation) =>
      index === undefined ? null : new StoredEntries(database, activation, index.folder),
    knownIds: (keys, values) =>
      database.read((session) => findKnownIds(session, confirmations, keys, values)),
    runs: (activations, perActivation) =>
      database.read((session) => readRuns(session, activations, perActivation)),
    failures: (filter) => readFailures(database, filter),
    release: (activation, keys) => releaseFailures(database, activation, keys),
    openFailures: () => database.read(countOpenFailures),
    close: () => database.close(),
  }
}
