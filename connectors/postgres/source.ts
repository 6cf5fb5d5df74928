import {
  type ConnectorContext,
  QueryError,
  type Reading,
  type RowBatch,
  type RowStream,
  type Source,
  StopRunError,
} from '../../src/connector/index.ts'
import { cancelUntilIdle, type Endpoint, endpointOf, leave } from './connection.ts'
import { CursorReader } from './cursor.ts'
import { decodedColumns } from './describe.ts'
import { queryError } from './errors.ts'
import { canReadFrames, FrameReader } from './frames.ts'
import type { PostgresOptions } from './index.ts'
import { prepare } from './prepare.ts'
import type { RowReader } from './reader.ts'
import { hashedAs, sendsBinaryTimes } from './session.ts'
import { SessionAhead } from './session-ahead.ts'
import { asWritten } from './statement.ts'

/** What queries of one source share. */
interface Shared {
  readonly endpoint: Endpoint
  readonly ahead: SessionAhead
  readonly options: PostgresOptions
  readonly clock: ConnectorContext['clock']
  readonly mayReadFrames: boolean
  /** Ends what still runs. */
  readonly open: Set<() => Promise<void>>
}

/**
 * A Postgres source. Each query has a connection and a read-only transaction of its own; those of the first one are opened
 * here, and what that fails with is thrown by the query. Rows are taken from the socket as bytes where pg's internals are
 * as expected, else (or where `mayReadFrames` is false) through pg's cursor.
 */
export async function openPostgres(
  options: PostgresOptions,
  context: ConnectorContext,
  { mayReadFrames = true } = {},
): Promise<Source> {
  const endpoint = await endpointOf(options, context)
  const open = new Set<() => Promise<void>>()
  const ahead = new SessionAhead(endpoint, options)
  const shared = { endpoint, ahead, options, clock: context.clock, mayReadFrames, open }
  let closed = false
  return {
    async query(text, signal, reading) {
      if (closed) throw new Error('The source is closed')
      return startQuery(text, signal, reading ?? {}, shared)
    },
    async close() {
      closed = true
      await Promise.all([ahead.drop(), ...[...open].map((end) => end())])
    },
  }
}

async function startQuery(
  text: string,
  signal: AbortSignal,
  reading: Reading,
  { endpoint, ahead, options, clock, mayReadFrames, open }: Shared,
): Promise<RowStream> {
  const { client, version } = await ahead.take(signal)
  let statement = asWritten(text)
  let reader: RowReader | undefined
  let finished = false
  let ending: Promise<void> | undefined
  /** Ends the connection, and what the server still does on it. */
  const end = () => {
    ending ??= (async () => {
      signal.removeEventListener('abort', onAbort)
      reader?.discard()
      if (!finished) await cancelUntilIdle(client, endpoint, clock)
      await leave(client)
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
      : queryError(error, statement, options.statement_timeout)
  }

  try {
    signal.throwIfAborted()
    const prepared = await prepare(client, text, reading, options)
    signal.throwIfAborted()
    statement = prepared.statement
    const areFrames = mayReadFrames && canReadFrames(client)
    const mayBeBinary = areFrames && sendsBinaryTimes(version)
    const columns = await decodedColumns(client, prepared.fields, mayBeBinary)
    signal.throwIfAborted()
    reader = areFrames
      ? client.query(new FrameReader(statement.text, columns))
      : new CursorReader(client, statement.text, columns)
    // The server plans and starts before anyone asks for rows, so that what is wrong with the query shows here.
    const first = await reader.next()
    signal.throwIfAborted()
    return {
      columns: columns.map(({ column }) => column),
      ...(areFrames ? { hashedAs: hashedAs(version, prepared.fields, columns) } : {}),
      ...(prepared.orderedBy === undefined ? {} : { orderedBy: prepared.orderedBy }),
      batches: readBatches(reader, first, { signal, finish, end, failed }),
    }
  } catch (error) {
    return failed(error)
  }
}

/** What reading has to do with the query it reads from. */
interface Ends {
  readonly signal: AbortSignal
  /** Says that the server has nothing left to do. */
  readonly finish: () => void
  readonly end: () => Promise<void>
  readonly failed: (error: unknown) => Promise<never>
}

async function* readBatches(
  reader: RowReader,
  first: RowBatch | null,
  { signal, finish, end, failed }: Ends,
): AsyncGenerator<RowBatch> {
  try {
    let batch = first
    while (batch !== null) {
      yield batch
      try {
        batch = await reader.next()
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
