import createKnex, { type Knex } from 'knex'
import pg from 'pg'
import { ConfigurationError, type Secret } from '../connector/index.ts'
import type { Cell, Database, Phrases, Session } from './database.ts'
import { multiRow, numbered } from './multi-row.ts'
import { isDisconnected, translateError, translateOpenError } from './postgres-errors.ts'
import { type PostgresLocation, postgresLocation } from './postgres-location.ts'
import { migrate } from './schema.ts'

/** A connection of Knex's pool. */
interface Connection {
  query(sql: string, bindings?: readonly Cell[]): Promise<pg.QueryResult>
  /** What Knex looks at before it hands a connection out again. */
  __knex__disposed?: unknown
}

/** The part of Knex's client that hands out its connections. */
interface Pooled {
  acquireConnection(): Promise<Connection>
  releaseConnection(connection: Connection): Promise<void>
}

const int8 = 20

/** A holder that hangs within a transaction, or a machine that vanished, does not keep others out for longer. */
const idleMilliseconds = 60_000
const waitMilliseconds = 30_000

/** Text whose order says something, which is then the same order whatever the database's language. */
const ordered = [
  ['activations', 'name'],
  ['snapshot', 'key'],
  ['outcomes', 'key'],
  ['failures', 'key'],
] as const

/** Those that grow, and shrink again. */
const tables = ['snapshot', 'outcomes', 'applied', 'failures', 'operations', 'sending', 'runs']

const phrases: Phrases = {
  holdRows: 'for update',
  // The server writes rows where there is room, and each statement is a way to it and back.
  appendsConfirmed: false,
  jsonArray: (column) => `coalesce(json_agg(${column})::text, '[]')`,
  jsonTexts: 'json_array_elements_text(?::json) as texts(value)',
  // How much of it is free, Postgres says only to an extension.
  size: `select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint as bytes, null as free
    from pg_catalog.pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`,
  compact: tables.map((table) => `vacuum (full, analyze) ${table}`),
  // Each time is a way to the server and back.
  keysAtOnce: 500,
}

/** Whatever the server's default: what was recorded survives a power cut. */
const begin = 'begin; set local synchronous_commit = on'

function silent(): void {}

/**
 * Opens the state in Postgres and brings its schema to this version. With `create: false` null where there is none.
 * Throws `ConfigurationError` where the url or the user's rights do not do or the schema is newer, `StopRunError`
 * where the server cannot be reached.
 */
export async function openPostgres(secret: Secret, create: boolean): Promise<Database | null> {
  const location = postgresLocation(secret)
  const { place, schema } = location
  const knex = connect(location)
  try {
    const found = await knex.transaction((transaction) => prepare(transaction, location, create))
    if (found) return new PostgresDatabase(knex, `${place}, schema ${schema}`)
  } catch (error) {
    await knex.destroy()
    throw translateOpenError(error, place)
  }
  await knex.destroy()
  return null
}

function connect({ url, schema, connectMilliseconds }: PostgresLocation): Knex {
  return createKnex({
    client: 'pg',
    connection: {
      connectionString: url,
      connectionTimeoutMillis: connectMilliseconds,
      fallback_application_name: 'millrace',
      keepAlive: true,
      idle_in_transaction_session_timeout: idleMilliseconds,
      lock_timeout: waitMilliseconds,
      types: {
        getTypeParser: (type: number, format?: 'text' | 'binary') =>
          type === int8 ? Number : pg.types.getTypeParser(type, format),
      },
    } as Knex.PgConnectionConfig,
    searchPath: [schema],
    // Bindings are what was sent: they stay out of messages.
    compileSqlOnError: false,
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
    // One connection, so that sessions follow one another.
    pool: { min: 0, max: 1 },
  })
}

/** Makes what is missing, one opener at a time. False where there is no state and none is to be made. */
async function prepare(
  knex: Knex,
  { schema, place }: PostgresLocation,
  create: boolean,
): Promise<boolean> {
  if (!create && !(await hasState(knex, schema))) return false
  await knex.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`millrace ${schema}`])
  const empty = !(await hasState(knex, schema))
  if (empty) await makeSchema(knex, schema, place)
  await migrate(
    {
      knex,
      createClustered: async (name, columns) => knex.schema.createTable(name, columns),
    },
    `Postgres at ${place}, schema ${schema},`,
  )
  if (empty) {
    for (const [table, column] of ordered) {
      await knex.raw('alter table ?? alter column ?? type text collate "C"', [table, column])
    }
  }
  return true
}

async function hasState(knex: Knex, schema: string): Promise<boolean> {
  return knex.schema.withSchema(schema).hasTable('schema_migrations')
}

/** `create schema if not exists` would ask for the right to create also where there is nothing to create. */
async function makeSchema(knex: Knex, schema: string, place: string): Promise<void> {
  const found = await knex('pg_catalog.pg_namespace').where('nspname', schema).first('oid')
  if (found === undefined) {
    await knex.raw('create schema ??', [schema])
    return
  }
  const table = await knex('pg_catalog.pg_class')
    .where({ relnamespace: found.oid })
    .whereIn('relkind', ['r', 'p', 'v', 'm'])
    .first('oid')
  if (table === undefined) return
  throw new ConfigurationError(
    `The schema ${schema} in Postgres at ${place} holds tables of another program. Name another one in the url of the state: ?schema=NAME.`,
  )
}

class PostgresDatabase implements Database {
  readonly phrases = phrases
  readonly #knex: Knex
  readonly #place: string

  constructor(knex: Knex, place: string) {
    this.#knex = knex
    this.#place = place
  }

  async read<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const read = () => this.#hold('', (connection) => work(sessionOf(connection)))
    try {
      return await read().catch((error) => {
        // The server may have ended the connection while it lay idle, and reading does no harm twice.
        if (isDisconnected(error)) return read()
        throw error
      })
    } catch (error) {
      throw translateError(error, this.#place)
    }
  }

  write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#transact(begin, work)
  }

  stage<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#transact(`${begin}; set local synchronous_commit = off`, work)
  }

  async #transact<Result>(
    first: string,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const write = (connection: Connection) => commit(connection, work)
    try {
      return await this.#hold(first, write)
    } catch (error) {
      throw translateError(error, this.#place)
    }
  }

  /** Hands over the connection after `first`; where the server ended it while it lay idle, a new one. */
  async #hold<Result>(
    first: string,
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result> {
    const client: Pooled = this.#knex.client
    let connection = await client.acquireConnection()
    try {
      if (first !== '') {
        try {
          await connection.query(first)
        } catch (error) {
          if (!isDisconnected(error)) throw error
          connection.__knex__disposed = error
          await client.releaseConnection(connection)
          connection = await client.acquireConnection()
          await connection.query(first)
        }
      }
      return await work(connection)
    } catch (error) {
      if (isDisconnected(error)) connection.__knex__disposed = error
      throw error
    } finally {
      await client.releaseConnection(connection)
    }
  }

  async close(): Promise<void> {
    await this.#knex.destroy()
  }
}

/** Works in the transaction that was begun, and ends it. */
async function commit<Result>(
  connection: Connection,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  try {
    const result = await work(sessionOf(connection))
    await connection.query('commit')
    return result
  } catch (error) {
    await connection.query('rollback').catch((failed) => {
      connection.__knex__disposed = failed
    })
    throw error
  }
}

function sessionOf(connection: Connection): Session {
  const query = async (sql: string, bindings: readonly Cell[] = []) =>
    connection.query(sql, bindings)
  const run = async (sql: string, bindings?: readonly Cell[]) =>
    (await query(numbered(sql), bindings)).rowCount ?? 0
  return {
    all: async <Row extends object>(sql: string, bindings?: readonly Cell[]) =>
      (await query(numbered(sql), bindings)).rows as Row[],
    run,
    runEach: async (sql, list) => {
      let changes = 0
      const statements = multiRow(sql, list)
      if (statements === null) {
        for (const bindings of list) changes += await run(sql, bindings)
        return changes
      }
      for (const statement of statements) {
        changes += (await query(statement.sql, statement.bindings)).rowCount ?? 0
      }
      return changes
    },
  }
}
