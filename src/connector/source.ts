import type * as z from 'zod/mini'
import type { ConnectorContext } from './context.ts'
import type { Column, RowBatch } from './row.ts'

/** A query's result while it streams. */
export interface RowStream {
  /** The columns that rows have values of, in their order. */
  readonly columns: readonly Column[]
  /**
   * All that the hashes of rows depend on beside the values: the columns with their types, the settings of the session,
   * the server's version, the way of hashing. Hashes are compared only under the same text. Absent where rows have none.
   */
  readonly hashedAs?: string
  /** The column of `Reading.orderedBy`, where the rows come in that order. */
  readonly orderedBy?: string
  /**
   * The rows, once, in order, in batches of the source's choosing; memory does not grow with the result.
   * Leaving the loop early, an error and an abort all end the query and free what it held.
   * Throws `TryAgainError` or `StopRunError` where the source fails midway: an iteration that ends
   * without an error has seen every row.
   */
  readonly batches: AsyncIterable<RowBatch>
}

/** What is wanted of a query's result. */
export interface Reading {
  /**
   * The names of the columns that are looked at. Where the query has all of them, a source may read these alone; where
   * one is missing, `RowStream.columns` has every column of the query.
   */
  readonly columns?: readonly string[]
  /**
   * The name of a column by whose text, compared as UTF-8 bytes, the rows shall be sorted; where it is NULL, they may stand
   * anywhere together. A source sorts in the warehouse, and says in `RowStream.orderedBy` that it does.
   */
  readonly orderedBy?: string
}

/** An open connection to a warehouse, for one activation. */
export interface Source {
  /**
   * Starts the query in a read-only session and says what columns it has.
   * Throws `QueryError` where the query is wrong, `StopRunError` where the source cannot be reached or refuses the login.
   * An abort of `signal` cancels the query in the warehouse too.
   */
  query(text: string, signal: AbortSignal, reading?: Reading): Promise<RowStream>
  close(): Promise<void>
}

/** A kind of source: a plain object, cheap to load; its driver is imported in `open`. */
export interface SourceConnector<Options = unknown> {
  /** The `type` in the project file. */
  readonly type: string
  /** The options in the project file beside `type`, as `zod` or `zod/mini` has them; strict, so that unknown keys are errors. */
  readonly options: z.ZodMiniType<Options>
  /**
   * A run opens its source before it holds the activation's lock, and asks it afterwards: what a query returns is looked at
   * no earlier than by the query.
   */
  open(options: Options, context: ConnectorContext): Promise<Source>
}
