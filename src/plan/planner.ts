import type { Activation } from '../config/activation.ts'
import type { Column, RowBatch } from '../connector/index.ts'
import type { PlanSink, PlanTotals, SnapshotReader } from './interfaces.ts'
import { KeyLedger } from './key-ledger.ts'
import { loadKnownKeys } from './known-keys.ts'
import { compileMapping } from './mapping.ts'
import { mark } from './pending.ts'
import { planRemovals } from './removals.ts'
import { RowReader } from './row-reader.ts'
import { Scope } from './scope.ts'
import { WaitingKeys } from './waiting-keys.ts'

export interface PlanOptions {
  readonly activation: Activation
  readonly columns: readonly Column[]
  readonly batches: AsyncIterable<RowBatch>
  readonly snapshot: SnapshotReader
  readonly sink: PlanSink
  /** Hears how many rows were read so far: every 1,000 rows, and at the end. */
  readonly onRows?: ((rows: number) => void) | undefined
}

/** Rows that are read before the snapshot is asked about them, at most. */
const rowsPerSettling = 1000

/**
 * Compares a query's rows with the snapshot and spools what has to be done, in the order of the rows, and after them
 * what `on_removed` does to the keys without a row, in the order of the snapshot. The same rows and the same snapshot
 * give the same plan, whatever batches the rows come in. Memory grows by some 50 bytes per key.
 * Throws `ConfigurationError` where the mapping does not fit the columns, and what the source, snapshot or sink throw.
 */
export async function planActivation(options: PlanOptions): Promise<PlanTotals> {
  const { activation, columns, batches, snapshot } = options
  const mapping = compileMapping(activation, columns)
  const scope = new Scope(activation.object.name, activation.mode)
  const table = await loadKnownKeys(snapshot, scope, mark.changed + mapping.names.length)
  const waiting = await WaitingKeys.load(snapshot, scope, activation)
  const ledger = new KeyLedger({ ...options, mapping, scope, table, waiting })
  const reader = new RowReader(activation, columns, mapping, ledger)
  const settle = async () => {
    await ledger.settle()
    options.onRows?.(ledger.tally.rows)
  }
  let unsettled = 0
  for await (const batch of batches) {
    for (let index = 0; index < batch.size; index += 1) {
      reader.read(batch.values(index))
      unsettled += 1
      if (unsettled < rowsPerSettling) continue
      await settle()
      unsettled = 0
    }
  }
  await settle()
  await planRemovals({ activation, mapping, scope, snapshot, table, ledger, isSeen: reader.isSeen })
  return ledger.finish()
}
