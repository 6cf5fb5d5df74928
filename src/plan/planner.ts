import type { Activation } from '../config/activation.ts'
import type { Column, RowBatch } from '../connector/index.ts'
import { Arrivals } from './arrivals.ts'
import { type DigestWords, digestRoom } from './digest.ts'
import { indexBasis } from './index-basis.ts'
import { IndexDraft } from './index-draft.ts'
import type {
  PlanDraft,
  PlanSink,
  PlanTotals,
  SnapshotIndex,
  SnapshotReader,
} from './interfaces.ts'
import { KeyLedger } from './key-ledger.ts'
import { completeKnownKeys, departedKeys, loadKnownKeys, rowlessKeys } from './known-keys.ts'
import { compileMapping } from './mapping.ts'
import { planRemovals } from './removals.ts'
import { RowReader } from './row-reader.ts'
import { Scope } from './scope.ts'
import { WaitingKeys } from './waiting-keys.ts'

export interface PlanOptions {
  readonly activation: Activation
  readonly columns: readonly Column[]
  readonly batches: AsyncIterable<RowBatch>
  /** As in `RowStream`. */
  readonly hashedAs?: string | undefined
  readonly snapshot: SnapshotReader
  /** What is kept of the rows that came to the snapshot; without it every row is read. */
  readonly index?: SnapshotIndex | null | undefined
  readonly sink: PlanSink
  /** Hears how many rows were read so far: every 1,000 rows, and at the end. */
  readonly onRows?: ((rows: number) => void) | undefined
  /** Hears, after the last row, what can be kept of the rows once the plan is written. Has to close it. */
  readonly onDraft?: ((draft: PlanDraft) => void) | undefined
}

/** Rows between two reports. */
export const rowsPerReport = 1000

/**
 * Compares a query's rows with the snapshot and spools what has to be done, in the order of the rows, and after them
 * what `on_removed` does to the keys without a row, in the order of the snapshot. The same rows and the same snapshot
 * give the same plan, whatever batches the rows come in and whatever the index has. Memory grows by some 35 to 45 bytes
 * per key.
 * Throws `ConfigurationError` where the mapping does not fit the columns, and what the source, snapshot or sink throw.
 */
export async function planActivation(options: PlanOptions): Promise<PlanTotals> {
  const { activation, columns, hashedAs, snapshot, index = null, onDraft } = options
  const mapping = compileMapping(activation, columns)
  const scope = new Scope(activation.object.name, activation.mode)
  const basis = index === null ? null : indexBasis(activation, columns, hashedAs, scope)
  const fields = mapping.names.length
  const known = await loadKnownKeys({ snapshot, scope, fields, index, basis })
  const { table } = known
  const isDrafted = index !== null && basis !== null && onDraft !== undefined
  const arrivals = isDrafted ? new Arrivals(index) : null
  try {
    const waiting = await WaitingKeys.load(snapshot, scope, activation)
    const onSpared = () => completeKnownKeys(known)
    const ledger = new KeyLedger({ ...options, mapping, scope, table, waiting, arrivals, onSpared })
    const reader = new RowReader(activation, columns, mapping, ledger)
    const isHashed = basis !== null && (onDraft !== undefined || table.hasHashes)
    await readRows(options, ledger, reader, isHashed, arrivals)
    const { astray } = table
    await planRemovals({
      activation,
      mapping,
      scope,
      snapshot,
      ledger,
      departed: () => departedKeys(snapshot, table),
      rowless: () => rowlessKeys(snapshot, table),
      isSeen: reader.isSeen,
    })
    const totals = await ledger.finish()
    if (arrivals === null || basis === null || onDraft === undefined) await known.kept?.close()
    else onDraft(new IndexDraft({ ...known, basis, scope, snapshot, arrivals, astray }))
    return totals
  } catch (error) {
    await known.kept?.close()
    await arrivals?.hashes.close()
    throw error
  }
}

async function readRows(
  { batches, onRows }: PlanOptions,
  ledger: KeyLedger,
  reader: RowReader,
  isHashed: boolean,
  arrivals: Arrivals | null,
): Promise<void> {
  const room = digestRoom()
  let unreported = 0
  for await (const batch of batches) {
    for (let index = 0; index < batch.size; index += 1) {
      const hash = isHashed ? hashOf(batch, index, room) : null
      if (hash === null || !ledger.recognise(hash)) {
        reader.read(batch, index, hash)
        if (ledger.isFull) await ledger.settle()
      }
      if (arrivals?.hashes.isDue === true) await arrivals.hashes.write()
      unreported += 1
      if (unreported < rowsPerReport) continue
      onRows?.(ledger.tally.rows)
      unreported = 0
    }
  }
  await ledger.settle()
  onRows?.(ledger.tally.rows)
}

/** The hash of a row, in `into`; null where the source hashes none. */
export function hashOf(batch: RowBatch, index: number, into: DigestWords): DigestWords | null {
  if (batch.hash === undefined) return null
  batch.hash(index, into)
  return into
}
