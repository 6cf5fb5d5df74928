import { dirname } from 'node:path'
import { ConfigurationError } from '../connector/index.ts'
import type { Cell, Database, Phrases, Session } from './database.ts'
import { latestVersion, migrationsTable } from './schema.ts'
import {
  type Connection,
  connect,
  patiently,
  type Statement,
  stage,
  transact,
} from './sqlite-connection.ts'
import { translateError, translateOpenError } from './sqlite-errors.ts'

const phrases: Omit<Phrases, 'compact'> = {
  // A writer holds the whole file.
  holdRows: '',
  appendsConfirmed: true,
  jsonArray: (column) => `json_group_array(${column})`,
  jsonTexts: 'json_each(?)',
  size: `select page_count * page_size as bytes, freelist_count * page_size as free
    from pragma_page_count(), pragma_page_size(), pragma_freelist_count()`,
  keysAtOnce: 20,
}

/** Else VACUUM would hold the whole state in memory. The copy is made beside the state, where there has to be room. */
function compactBeside(file: string): readonly string[] {
  const folder = dirname(file).replaceAll("'", "''")
  return [
    `PRAGMA temp_store_directory = '${folder}'`,
    'PRAGMA temp_store = FILE',
    'VACUUM',
    // In WAL mode the file itself shrinks only when what VACUUM wrote beside it is moved into it.
    'PRAGMA wal_checkpoint(TRUNCATE)',
    'PRAGMA temp_store = DEFAULT',
  ]
}

/** Opens or creates a SQLite database and brings its schema to this version. `:memory:` gives one that nobody shares. */
export async function openSqlite(file: string): Promise<Database> {
  try {
    const connection = await connect(file)
    try {
      // Knex makes the schema. It takes a tenth of a second to load, which most commands need not wait for.
      if ((await transact(connection, () => versionOf(connection, file))) !== latestVersion) {
        const { migrateSqlite } = await import('./sqlite-migration.ts')
        await migrateSqlite(connection, file)
      }
    } catch (error) {
      connection.close()
      throw error
    }
    return new SqliteDatabase(connection, file)
  } catch (error) {
    throw translateOpenError(error, file)
  }
}

/** The version of the schema; 0 where there is nothing yet. Nothing is added to a database that belongs to somebody else. */
async function versionOf(connection: Connection, file: string): Promise<number> {
  const tables = connection.prepare('select name from sqlite_master').all([]) as { name: string }[]
  if (tables.length === 0) return 0
  if (!tables.some(({ name }) => name === migrationsTable)) {
    throw new ConfigurationError(
      `The state file ${file} is a SQLite database of another program. Name another file as \`state\`.`,
    )
  }
  const steps = connection.prepare(`select name from ${migrationsTable}`).all([])
  return Math.max(0, ...(steps as { name: string }[]).map(({ name }) => Number(name)))
}

class SqliteDatabase implements Database {
  readonly phrases: Phrases
  readonly #connection: Connection
  readonly #file: string
  readonly #statements = new Map<string, Statement>()
  readonly #session: Session
  /** Ends with the session that was asked for last. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection, file: string) {
    this.#connection = connection
    this.#file = file
    this.phrases = { ...phrases, compact: compactBeside(file) }
    this.#session = this.#makeSession()
  }

  read<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#alone(() => patiently(() => work(this.#session)))
  }

  write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#alone(() => transact(this.#connection, () => work(this.#session)))
  }

  stage<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#alone(() => stage(this.#connection, () => work(this.#session)))
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
    this.#connection.close()
  }

  /** There is one connection, so that sessions follow one another. */
  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    try {
      return await turn
    } catch (error) {
      throw translateError(error, this.#file)
    }
  }

  /** Statements are prepared once: to prepare them anew each time costs more than to run them. */
  #makeSession(): Session {
    const prepare = (sql: string): Statement => {
      const known = this.#statements.get(sql)
      if (known !== undefined) return known
      const statement = this.#connection.prepare(sql)
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
