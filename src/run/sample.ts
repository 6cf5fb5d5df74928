import type { Operation, RowBatch } from '../connector/index.ts'
import type { PlanSink, RejectedRow, SnapshotReader } from '../plan/interfaces.ts'

/** A snapshot that knows nothing, so that every row of a sample becomes an operation. */
export const nothingKnown: SnapshotReader = {
  count: () => Promise.resolve(0),
  async *fingerprints() {},
  async *keys() {},
  async *keysOf() {},
  entries: () => Promise.resolve(new Map()),
  async *waiting() {},
}

/** The first rows of a query; once it has them, the query is ended. */
export async function* firstRows(
  batches: AsyncIterable<RowBatch>,
  size: number,
): AsyncIterable<RowBatch> {
  let left = size
  for await (const batch of batches) {
    if (batch.size >= left) {
      yield { size: left, values: (index) => batch.values(index) }
      return
    }
    left -= batch.size
    yield batch
  }
}

/** Keeps the whole plan of a sample in memory. */
export class SampleSink implements PlanSink {
  readonly #operations = new Map<number, Operation>()
  readonly #rejected = new Map<number, RejectedRow>()

  get operations(): readonly Operation[] {
    return [...this.#operations.values()]
  }

  get rejected(): readonly RejectedRow[] {
    return [...this.#rejected.values()]
  }

  async add(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) this.#operations.set(operation.ordinal, operation)
  }

  async wait(): Promise<void> {}

  async renew(): Promise<void> {}

  async reject(rows: readonly RejectedRow[]): Promise<void> {
    for (const row of rows) {
      this.#operations.delete(row.ordinal)
      this.#rejected.set(row.ordinal, row)
    }
  }
}
