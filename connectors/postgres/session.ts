import type pg from 'pg'
import { StopRunError } from '../../src/connector/index.ts'
import { connect, type Endpoint, leave, leavingOnAbort } from './connection.ts'
import type { FieldDescription } from './describe.ts'
import { beginError, isTemporary } from './errors.ts'
import type { PostgresOptions } from './index.ts'
import type { ServerError } from './run-time-errors.ts'
import type { DecodedColumn } from './values.ts'

// The text that values arrive as depends on these.
const outputSettings: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  client_encoding: 'UTF8',
}

/** A connection in whose transaction nothing was read yet. */
export interface Session {
  readonly client: pg.Client
  /** The server's. */
  readonly version: string
}

/**
 * Logs in and begins a transaction as `begin` does. Throws as `connect` does, `StopRunError` where the server refuses a
 * transaction or a setting, and `TryAgainError` where it may have time for one later, or the connection breaks.
 */
export async function openSession(
  endpoint: Endpoint,
  options: PostgresOptions,
  signal: AbortSignal,
): Promise<Session> {
  const client = await connect(endpoint, signal)
  try {
    signal.throwIfAborted()
    const version = await leavingOnAbort(client, signal, () => begin(client, options))
    return { client, version }
  } catch (error) {
    await leave(client)
    signal.throwIfAborted()
    throw error instanceof StopRunError ? error : beginError(error)
  }
}

/**
 * Begins a read-only transaction with the settings that a source reads under, and returns the server's version.
 * Throws `StopRunError` where the server refuses one of them, else what pg throws.
 */
export async function begin(client: pg.Client, options: PostgresOptions): Promise<string> {
  const settings = { ...outputSettings }
  if (options.statement_timeout !== undefined) {
    settings.statement_timeout = String(options.statement_timeout)
  }
  if (options.search_path !== undefined) settings.search_path = options.search_path
  if (options.role !== undefined) settings.role = options.role
  // Whatever the server's default: the query has to see what is there when it runs, not when its session was made ready.
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY')
  try {
    const { rows } = await client.query<{ version: string }>(
      `SELECT pg_catalog.set_config(name, setting, true), pg_catalog.current_setting('server_version') AS version
       FROM unnest($1::text[], $2::text[]) AS s(name, setting)`,
      [Object.keys(settings), Object.values(settings)],
    )
    return rows[0]?.version ?? ''
  } catch (error) {
    const { code = '', severity, message } = error as ServerError
    if (severity === undefined || isTemporary(code)) throw error
    throw new StopRunError(`Postgres refused a setting of the source: ${message}.`, {
      cause: error,
    })
  }
}

/**
 * Whether a server of this version sends timestamps in binary as `timestamp.ts` reads them: since version 10 they are
 * integers on every server. https://www.postgresql.org/docs/10/release-10.html
 */
export function sendsBinaryTimes(version: string): boolean {
  return Number.parseInt(version, 10) >= 10
}

/**
 * What the hashes of rows depend on beside the values, see `RowStream.hashedAs`: all by which equal bytes may stand for
 * other values. The search path and the role are not among it: they decide which rows there are.
 */
export function hashedAs(
  version: string,
  fields: readonly FieldDescription[],
  columns: readonly DecodedColumn[],
): string {
  return JSON.stringify({
    hash: 'MurmurHash3_x86_128 of DataRow',
    server: version,
    settings: outputSettings,
    columns: columns.map(({ column, form }, index) => ({
      ...column,
      // Left out where it is text: so it was when all was text, and what was kept then is still good.
      ...(form === 'text' ? {} : { form }),
      oid: fields[index]?.dataTypeID,
      modifier: fields[index]?.dataTypeModifier,
    })),
  })
}
