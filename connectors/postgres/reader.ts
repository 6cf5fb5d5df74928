import type { RowBatch } from '../../src/connector/index.ts'

/** The rows of a query that runs, whichever way they are read. */
export interface RowReader {
  /** The next rows; null after the last one. Rejects with what pg throws, also once it was told to discard. */
  next(): Promise<RowBatch | null>
  /** Drops what has come and what still comes, so that the connection can be ended. */
  discard(): void
}
