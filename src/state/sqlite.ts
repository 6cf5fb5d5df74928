import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import createKnex, { type Knex } from 'knex'
import { ConfigurationError } from '../connector/index.ts'
import type { Cell, Database, Phrases, Session } from './database.ts'
import { migrate } from './schema.ts'
import { isBusy, translateError, translateOpenError } from './sqlite-errors.ts'

/** The part of a libsql connection that is used here. It is synchronous. */
interface Connection {
  prepare(sql: string): Statement
  exec(sql: string): void
  readonly inTransaction: boolean
}

interface Statement {
  all(bindings: readonly Cell[]): object[]
  run(bindings: readonly Cell[]): { readonly changes: number }
}

/**
 * The driver waits in place while another connection writes, which takes milliseconds. So that nothing else of this
 * process stands still for long, it waits briefly, and then again: ten seconds in all.
 */
const busyMilliseconds = 20
const busyTries = 500

const require = createRequire(import.meta.url)

function silent(): void {}

const phrases: Phrases = {
  // A writer holds the whole file.
  holdRows: '',
  jsonArray: (column) => `json_group_array(${column})`,
  size: `select page_count * page_size as bytes, freelist_count * page_size as free
    from pragma_page_count(), pragma_page_size(), pragma_freelist_count()`,
  // In WAL mode the file itself shrinks only when what VACUUM wrote beside it is moved into it.
  compact: ['VACUUM', 'PRAGMA wal_checkpoint(TRUNCATE)'],
}

/** Opens or creates a SQLite database and brings its schema to this version. `:memory:` gives one that nobody shares. */
export async function openSqlite(file: string): Promise<Database> {
  const knex = createKnex({
    client: loadClient(),
    connection: { filename: file },
    useNullAsDefault: true,
    // Bindings are what was sent: they stay out of messages.
    compileSqlOnError: false,
    // What goes wrong is thrown; Knex would also print it, with its stack.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
    // One connection, so that sessions follow one another; never reaped, since `:memory:` lives in it.
    pool: { min: 1, max: 1, afterCreate: prepareConnection },
  })
  try {
    await knex.transaction(async (transaction) => {
      await refuseForeign(transaction, file)
      await migrate(
        {
          knex: transaction,
          createClustered: async (name, columns) => {
            const [create, ...rest] = transaction.schema.createTable(name, columns).toSQL()
            await transaction.raw(`${create?.sql} without rowid`)
            for (const { sql } of rest) await transaction.raw(sql)
          },
        },
        file,
      )
    })
  } catch (error) {
    await knex.destroy()
    throw translateOpenError(error, file)
  }
  return new SqliteDatabase(knex, file)
}

/** The parts of Knex's dialect that are replaced here; its types do not name them. */
type DialectClass = new (
  ...parameters: unknown[]
) => {
  _driver(): unknown
  transaction(...parameters: unknown[]): unknown
}
type TransactionClass = new (
  ...parameters: unknown[]
) => {
  begin(connection: Connection): unknown
}

/** Knex's dialect for better-sqlite3 over libsql, which has the same interface and needs no compiler. */
function loadClient(): typeof Knex.Client {
  const Base: DialectClass = require('knex/lib/dialects/better-sqlite3/index.js')
  const Transaction: TransactionClass = require('knex/lib/dialects/sqlite3/execution/sqlite-transaction.js')
  class ImmediateTransaction extends Transaction {
    /**
     * A transaction that reads first and then writes fails at once, without waiting, when another process wrote
     * between: so each takes the right to write at its start.
     */
    override async begin(connection: Connection) {
      // A commit that failed for want of disk leaves its transaction open.
      if (connection.inTransaction) connection.exec('ROLLBACK')
      await patiently(async () => connection.exec('BEGIN IMMEDIATE'))
    }
  }
  class LibsqlClient extends Base {
    override _driver() {
      return require('libsql')
    }

    override transaction(...parameters: unknown[]) {
      return new ImmediateTransaction(this, ...parameters)
    }
  }
  return LibsqlClient as unknown as typeof Knex.Client
}

/** Calls again while the file is busy; other work of the process goes on in between. */
async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      if (!isBusy(error) || tries >= busyTries) throw error
      await setImmediate()
    }
  }
}

function prepareConnection(
  connection: Connection,
  done: (error: unknown, connection: Connection) => void,
): void {
  patiently(async () => {
    connection.exec(`PRAGMA busy_timeout = ${busyMilliseconds}`)
    // Readers and the writer do not wait for each other, and a commit is one write and one sync.
    connection.prepare('PRAGMA journal_mode = WAL').all([])
    // An outcome that was recorded survives a power cut.
    connection.exec('PRAGMA synchronous = FULL')
    connection.exec('PRAGMA foreign_keys = ON')
    // 16 MB each: keys come in random order, and a page that many of them change is then read and written back once.
    connection.exec('PRAGMA cache_size = -16000')
    connection.prepare('PRAGMA wal_autocheckpoint = 4000').all([])
  }).then(
    () => done(null, connection),
    (error) => done(error, connection),
  )
}

/** Nothing is added to a database that belongs to somebody else. */
async function refuseForeign(knex: Knex, file: string): Promise<void> {
  const tables: { name: string }[] = await knex('sqlite_master').select('name')
  if (tables.length === 0 || tables.some(({ name }) => name === 'schema_migrations')) return
  throw new ConfigurationError(
    `The state file ${file} is a SQLite database of another program. Name another file as \`state\`.`,
  )
}

class SqliteDatabase implements Database {
  readonly phrases = phrases
  readonly #knex: Knex
  readonly #file: string
  readonly #statements = new Map<string, Statement>()

  constructor(knex: Knex, file: string) {
    this.#knex = knex
    this.#file = file
  }

  async read<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const client: Pooled = this.#knex.client
    const connection = await client.acquireConnection()
    try {
      return await patiently(() => work(this.#session(connection)))
    } catch (error) {
      throw translateError(error, this.#file)
    } finally {
      await client.releaseConnection(connection)
    }
  }

  async write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    try {
      return await this.#knex.transaction(async (transaction) => {
        const client: Pooled = transaction.client
        return work(this.#session(await client.acquireConnection()))
      })
    } catch (error) {
      throw translateError(error, this.#file)
    }
  }

  async close(): Promise<void> {
    try {
      // The driver ends a connection only once its statements were collected, which a process that exits does not
      // wait for: this leaves everything in the file itself.
      await this.read((session) => session.all('PRAGMA wal_checkpoint(TRUNCATE)'))
    } catch {
      // What was written is as durable beside the file, and whoever closes for an error wants to see that error.
    }
    this.#statements.clear()
    await this.#knex.destroy()
  }

  /** Statements are prepared once: Knex prepares them anew each time, which costs more than running them. */
  #session(connection: Connection): Session {
    const prepare = (sql: string): Statement => {
      const known = this.#statements.get(sql)
      if (known !== undefined) return known
      const statement = connection.prepare(sql)
      this.#statements.set(sql, statement)
      return statement
    }
    return {
      all: async <Row extends object>(sql: string, bindings: readonly Cell[] = []) =>
        prepare(sql).all(bindings) as Row[],
      run: async (sql, bindings = []) => prepare(sql).run(bindings).changes,
      runEach: async (sql, list) => {
        if (list.length === 0) return 0
        const statement = prepare(sql)
        let changes = 0
        for (const bindings of list) changes += statement.run(bindings).changes
        return changes
      },
    }
  }
}

/** The part of Knex's client that hands out its connections. */
interface Pooled {
  acquireConnection(): Promise<Connection>
  releaseConnection(connection: Connection): Promise<void>
}
