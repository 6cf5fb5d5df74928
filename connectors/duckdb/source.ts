import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  ResultReturnType,
} from '@duckdb/node-api'
import {
  type ConnectorContext,
  QueryError,
  type Reading,
  type RowBatch,
  type RowStream,
  type Source,
  TryAgainError,
} from '../../src/connector/index.ts'
import { ChunkBatch } from './chunk-batch.ts'
import { queryError } from './errors.ts'
import type { DuckDbOptions } from './index.ts'
import { openInstance } from './instance.ts'
import { RowHasher } from './row-hasher.ts'
import { type Located, locateFiles, writingWord } from './sql.ts'
import { hashedAs, notReading, type Planned, planQuery, prepareReading } from './statement.ts'
import { type DecodedColumn, decodedColumn } from './values.ts'

/** A DuckDB source: one database, and a connection per query. */
export async function openDuckDb(
  options: DuckDbOptions,
  context: ConnectorContext,
): Promise<Source> {
  const instance = await openInstance(options, context)
  const running = new Set<RunningQuery>()
  let closed = false
  return {
    async query(text, signal, reading) {
      if (closed) throw new Error('The source is closed')
      signal.throwIfAborted()
      const query = await RunningQuery.open(instance, text, context.projectFolder, signal)
      running.add(query)
      query.onEnd = () => running.delete(query)
      return query.start(reading)
    },
    async close() {
      if (closed) return
      closed = true
      await Promise.all([...running].map((query) => query.end()))
      instance.closeSync()
    },
  }
}

/** One query on a connection of its own, from start to end. */
class RunningQuery {
  onEnd: () => void = () => {}
  readonly #connection: DuckDBConnection
  readonly #text: string
  readonly #located: Located
  readonly #projectFolder: string
  readonly #signal: AbortSignal
  readonly #statements: DuckDBPreparedStatement[] = []
  /** What runs; null until the query does. */
  #planned: Planned | null = null
  #result: DuckDBResult | undefined
  /** What DuckDB's threads are busy with; settles, never rejects. */
  #busy: Promise<unknown> = Promise.resolve()
  #working = false
  #ended: Promise<void> | undefined

  static async open(
    instance: DuckDBInstance,
    text: string,
    projectFolder: string,
    signal: AbortSignal,
  ): Promise<RunningQuery> {
    return new RunningQuery(await instance.connect(), text, projectFolder, signal)
  }

  private constructor(
    connection: DuckDBConnection,
    text: string,
    projectFolder: string,
    signal: AbortSignal,
  ) {
    this.#connection = connection
    this.#text = text
    this.#located = locateFiles(text, projectFolder)
    this.#projectFolder = projectFolder
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  async start(reading: Reading | undefined): Promise<RowStream> {
    try {
      const planned = await this.#plan(reading)
      this.#planned = planned
      const result = await this.#work(() => planned.statement.stream())
      this.#result = result
      const columns = planned.columns.map(({ name, type }) => decodedColumn(name, type))
      return {
        columns: columns.map(({ column }) => column),
        ...(planned.hashed === null ? {} : { hashedAs: hashedAs(planned.columns) }),
        ...(planned.orderedBy === undefined ? {} : { orderedBy: planned.orderedBy }),
        batches: this.#batches(result, columns, planned.hashed),
      }
    } catch (error) {
      await this.end()
      throw this.#translated(error)
    }
  }

  async #plan(reading: Reading | undefined): Promise<Planned> {
    const writing = writingWord(this.#text)
    if (writing !== null) throw notReading(writing)
    return planQuery(this.#located.text, reading ?? {}, (text) =>
      this.#work(async () => {
        const statement = await prepareReading(this.#connection, text)
        this.#statements.push(statement)
        return statement
      }),
    )
  }

  async *#batches(
    result: DuckDBResult,
    columns: readonly DecodedColumn[],
    hashed: Planned['hashed'],
  ): AsyncGenerator<RowBatch> {
    const hasher = hashed === null ? null : new RowHasher(hashed)
    try {
      let chunk = await this.#fetch(result)
      while (chunk !== null) {
        const batch = new ChunkBatch(chunk, columns, hasher)
        // DuckDB's threads make the next chunk while this one is read.
        const next = this.#fetch(result)
        next.catch(() => {})
        try {
          yield batch
        } finally {
          batch.release()
        }
        chunk = await next
      }
      // The C API ends a stream that failed like one that is complete; only the result's type tells.
      // https://github.com/duckdb/duckdb-rs/pull/832
      if (result.returnType === ResultReturnType.INVALID) {
        throw this.#translated(await this.#whyItFailed())
      }
    } finally {
      await this.end()
    }
  }

  /** The next chunk of rows; null behind the last. */
  async #fetch(result: DuckDBResult): Promise<DuckDBDataChunk | null> {
    const chunk = await this.#work(() => result.fetchChunk())
    return chunk === null || chunk.rowCount === 0 ? null : chunk
  }

  /** The binding does not hand out a stream's error, so the query runs again, without handing out rows. */
  async #whyItFailed(): Promise<unknown> {
    const prefix = 'EXPLAIN ANALYZE '
    const text = this.#planned?.text ?? this.#located.text
    try {
      await this.#work(() => this.#connection.run(prefix + text))
    } catch (error) {
      this.#signal.throwIfAborted()
      const { message } = error as Error
      return new Error(
        message.replace(/"position":"(\d+)"/, (_, position: string) => {
          return `"position":"${Number(position) - prefix.length}"`
        }),
      )
    }
    return new TryAgainError(
      'DuckDB broke the query off midway, and a second try went through: did a file change while it was read?',
    )
  }

  #translated(error: unknown): unknown {
    if (this.#signal.aborted) return this.#signal.reason
    if (error instanceof QueryError || error instanceof TryAgainError) return error
    return queryError(error, {
      text: this.#text,
      located: this.#located,
      head: this.#planned?.head ?? 0,
      columns: this.#planned?.columns.map(({ name }) => name) ?? null,
      projectFolder: this.#projectFolder,
    })
  }

  async #work<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#ended !== undefined) throw this.#signal.reason ?? new Error('The source is closed')
    this.#working = true
    const promise = task().finally(() => {
      this.#working = false
    })
    this.#busy = promise.catch(() => {})
    const result = await promise
    this.#signal.throwIfAborted()
    return result
  }

  readonly #onAbort = () => void this.end()

  /** Interrupts what runs and gives everything back. */
  end(): Promise<void> {
    this.#ended ??= this.#release()
    return this.#ended
  }

  async #release(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort)
    // An interrupt that arrives before DuckDB's thread has begun is lost, so it is repeated until the thread is done.
    const interrupt = () => {
      if (!this.#working) return
      this.#connection.interrupt()
      setImmediate(interrupt)
    }
    interrupt()
    await this.#busy
    if (this.#result?.returnType === ResultReturnType.QUERY_RESULT) {
      // A stream that was left keeps the database open until it is told to stop.
      this.#connection.interrupt()
      await this.#result.fetchChunk().catch(() => null)
    }
    for (const statement of this.#statements) statement.destroySync()
    this.#connection.closeSync()
    this.onEnd()
  }
}
