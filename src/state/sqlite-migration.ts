import { createRequire } from 'node:module'
import createKnex, { type Knex } from 'knex'
import { migrate } from './schema.ts'
import { begin, type Connection } from './sqlite-connection.ts'

/** The parts of Knex's dialect that are replaced here; its types do not name them. */
type DialectClass = new (
  ...parameters: unknown[]
) => {
  _driver(): unknown
  acquireRawConnection(): Promise<unknown>
  destroyRawConnection(connection: unknown): Promise<void>
  transaction(...parameters: unknown[]): unknown
}
type TransactionClass = new (
  ...parameters: unknown[]
) => {
  begin(connection: Connection): unknown
}

const require = createRequire(import.meta.url)

function silent(): void {}

/** Knex's dialect for better-sqlite3 over libsql, which has the same interface and needs no compiler. */
function clientOver(connection: Connection): typeof Knex.Client {
  const Base: DialectClass = require('knex/lib/dialects/better-sqlite3/index.js')
  const Transaction: TransactionClass = require('knex/lib/dialects/sqlite3/execution/sqlite-transaction.js')
  class ImmediateTransaction extends Transaction {
    override begin(connection: Connection) {
      return begin(connection)
    }
  }
  class LibsqlClient extends Base {
    override _driver() {
      return connection.constructor
    }

    override async acquireRawConnection() {
      return connection
    }

    override async destroyRawConnection() {
      // It belongs to whoever opened it.
    }

    override transaction(...parameters: unknown[]) {
      return new ImmediateTransaction(this, ...parameters)
    }
  }
  return LibsqlClient as unknown as typeof Knex.Client
}

/** Brings the schema to this version in one transaction. Throws the driver's errors, and those of `migrate`. */
export async function migrateSqlite(connection: Connection, file: string): Promise<void> {
  const knex = createKnex({
    client: clientOver(connection),
    connection: { filename: file },
    useNullAsDefault: true,
    // Bindings are what was sent: they stay out of messages.
    compileSqlOnError: false,
    // What goes wrong is thrown; Knex would also print it, with its stack.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
    pool: { min: 1, max: 1 },
  })
  try {
    await knex.transaction(async (transaction) => {
      const createClustered = async (
        name: string,
        columns: (table: Knex.CreateTableBuilder) => void,
      ) => {
        const [create, ...rest] = transaction.schema.createTable(name, columns).toSQL()
        await transaction.raw(`${create?.sql} without rowid`)
        for (const { sql } of rest) await transaction.raw(sql)
      }
      await migrate({ knex: transaction, createClustered }, file)
    })
  } finally {
    await knex.destroy()
  }
}
