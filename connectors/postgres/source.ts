import type pg from 'pg'
import Cursor from 'pg-cursor'
import {
  type ConnectorContext,
  QueryError,
  type RowBatch,
  type RowStream,
  type Source,
  StopRunError,
} from '../../src/connector/index.ts'
import { cancelUntilIdle, connect, type Endpoint, endpointOf } from './connection.ts'
import { describeColumns } from './describe.ts'
import { queryError } from './errors.ts'
import type { PostgresOptions } from './index.ts'
import { type DecodedColumn, TextBatch, type TextRow } from './values.ts'

// Rows per round trip: more rows do not make it faster (garbage, less overlap with the server), wide rows have to be fewer.
const mostRows = 1000
const firstRows = 100
const charactersPerBatch = 2_000_000

// The text that values arrive as depends on these.
const sessionSettings: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  client_encoding: 'UTF8',
}

const asText = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig

/** A Postgres source. Each query has a connection and a read-only transaction of its own. */
export async function openPostgres(
  options: PostgresOptions,
  context: ConnectorContext,
): Promise<Source> {
  const endpoint = await endpointOf(options, context)
  const open = new Set<() => Promise<void>>()
  let closed = false
  return {
    async query(text, signal) {
      if (closed) throw new Error('The source is closed')
      return startQuery(text, signal, endpoint, { ...options, clock: context.clock }, open)
    },
    async close() {
      closed = true
      await Promise.all([...open].map((end) => end()))
    },
  }
}

async function startQuery(
  text: string,
  signal: AbortSignal,
  endpoint: Endpoint,
  options: PostgresOptions & Pick<ConnectorContext, 'clock'>,
  open: Set<() => Promise<void>>,
): Promise<RowStream> {
  const client = await connect(endpoint, signal)
  let finished = false
  let ending: Promise<void> | undefined
  /** Ends the connection, and what the server still does on it. */
  const end = () => {
    ending ??= (async () => {
      signal.removeEventListener('abort', onAbort)
      if (!finished) await cancelUntilIdle(client, endpoint, options.clock)
      await client.end().catch(() => {})
      open.delete(end)
    })()
    return ending
  }
  const onAbort = () => void end()
  const finish = () => {
    finished = true
  }
  signal.addEventListener('abort', onAbort, { once: true })
  open.add(end)

  const failed = async (error: unknown): Promise<never> => {
    finished ||= !signal.aborted
    await end()
    signal.throwIfAborted()
    throw error instanceof QueryError || error instanceof StopRunError
      ? error
      : queryError(error, text, options.statement_timeout)
  }

  try {
    signal.throwIfAborted()
    await begin(client, options)
    signal.throwIfAborted()
    const columns = await describeColumns(client, text)
    signal.throwIfAborted()
    const cursor = client.query(new Cursor<TextRow>(text, [], { rowMode: 'array', types: asText }))
    // The server plans and starts before anyone asks for rows, so that what is wrong with the query shows here.
    const first = await cursor.read(firstRows)
    signal.throwIfAborted()
    return {
      columns: columns.map(({ column }) => column),
      batches: readBatches(cursor, first, columns, { signal, finish, end, failed }),
    }
  } catch (error) {
    return failed(error)
  }
}

async function begin(client: pg.Client, options: PostgresOptions): Promise<void> {
  const settings = { ...sessionSettings }
  if (options.statement_timeout !== undefined) {
    settings.statement_timeout = String(options.statement_timeout)
  }
  if (options.search_path !== undefined) settings.search_path = options.search_path
  if (options.role !== undefined) settings.role = options.role
  await client.query('BEGIN TRANSACTION READ ONLY')
  try {
    await client.query(
      'SELECT pg_catalog.set_config(name, setting, true) FROM unnest($1::text[], $2::text[]) AS s(name, setting)',
      [Object.keys(settings), Object.values(settings)],
    )
  } catch (error) {
    const { severity, message } = error as { severity?: string; message: string }
    if (severity === undefined) throw error
    throw new StopRunError(`Postgres refused a setting of the source: ${message}.`, {
      cause: error,
    })
  }
}

/** What reading has to do with the query it reads from. */
interface Reading {
  readonly signal: AbortSignal
  /** Says that the server has nothing left to do. */
  readonly finish: () => void
  readonly end: () => Promise<void>
  readonly failed: (error: unknown) => Promise<never>
}

async function* readBatches(
  cursor: Cursor<TextRow>,
  first: readonly TextRow[],
  columns: readonly DecodedColumn[],
  { signal, finish, end, failed }: Reading,
): AsyncGenerator<RowBatch> {
  try {
    let rows = first
    while (rows.length > 0) {
      // The next rows travel while these are looked at.
      const next = cursor.read(rowsThatFit(rows))
      next.catch(() => {})
      yield new TextBatch(rows, columns)
      try {
        rows = await next
        signal.throwIfAborted()
      } catch (error) {
        await failed(error)
      }
    }
    finish()
  } finally {
    await end()
  }
}

function rowsThatFit(rows: readonly TextRow[]): number {
  let characters = 0
  for (const row of rows) for (const text of row) characters += text?.length ?? 0
  const fit = Math.floor((charactersPerBatch * rows.length) / Math.max(characters, 1))
  return Math.max(1, Math.min(mostRows, fit))
}
