import { digestRoom } from './digest.ts'
import { EntryCursor } from './entry-cursor.ts'
import { EntryOutput } from './entry-output.ts'
import { indexBasis } from './index-basis.ts'
import { operationsIn, type PlanTotals } from './interfaces.ts'
import { KeyLedger } from './key-ledger.ts'
import { KeyTable } from './key-table.ts'
import { KnownEntries } from './known-entries.ts'
import { compileMapping } from './mapping.ts'
import { Merge } from './merge.ts'
import { MergeDraft } from './merge-draft.ts'
import type { SortedEntries } from './merge-interfaces.ts'
import { checkMergeable } from './merge-key.ts'
import { hashOf, type PlanOptions, rowsPerReport } from './planner.ts'
import { oursAmong, planRemovals } from './removals.ts'
import { RowReader } from './row-reader.ts'
import { RowlessKeys } from './rowless-keys.ts'
import { Scope } from './scope.ts'
import { WaitingKeys } from './waiting-keys.ts'

export interface MergePlanOptions extends Omit<PlanOptions, 'index'> {
  /** As in `RowStream`: the key's column. */
  readonly orderedBy: string | undefined
  /** What is kept of the rows that came to the snapshot; without it every row is read. */
  readonly sorted?: SortedEntries | null | undefined
}

/**
 * Plans as `planActivation` does, and comes to the same, for rows that are in the order of their keys. Memory does not grow
 * with the keys: but for those that wait after a failure, rows without a key, and one bit for each key where `on_removed`
 * has something to do.
 * Throws as `planActivation`, and `ConfigurationError` where the rows are not in order.
 */
export async function planByMerging(options: MergePlanOptions): Promise<PlanTotals> {
  const { activation, columns, hashedAs, orderedBy, snapshot, sorted = null, onDraft } = options
  const mapping = compileMapping(activation, columns)
  checkMergeable(activation, columns, orderedBy)
  const scope = new Scope(activation.object.name, activation.mode)
  const basis = sorted === null ? null : indexBasis(activation, columns, hashedAs, scope)
  const known = await KnownEntries.open({ snapshot, scope, sorted, basis })
  const table = new KeyTable(mapping.names.length)
  const output =
    sorted === null || basis === null || onDraft === undefined
      ? null
      : new EntryOutput(sorted, basis, known, table)
  const cursor = new EntryCursor(known.blocks())
  try {
    const waiting = await WaitingKeys.load(snapshot, scope, activation)
    const ledger = new KeyLedger({ ...options, mapping, scope, table, waiting })
    const reader = new RowReader(activation, columns, mapping, ledger)
    const rowless = new RowlessKeys()
    const merge = new Merge({ activation, scope, cursor, table, ledger, reader, rowless, output })
    await readRows(options, ledger, merge, output !== null || known.haveHashes)
    const spared: string[] = []
    await planRemovals({
      activation,
      mapping,
      scope,
      snapshot,
      ledger,
      departed: () => oursAmong(rowless.among(snapshot, scope), scope),
      rowless: () => rowless.among(snapshot, scope),
      isSeen: reader.isSeen,
      onSpared: (keys) => spared.push(...keys),
    })
    const totals = await ledger.finish()
    if (output === null || onDraft === undefined) await known.close()
    else {
      const operations = operationsIn(totals)
      onDraft(new MergeDraft({ output, known, scope, snapshot, spared, operations }))
    }
    return totals
  } catch (error) {
    await output?.discard()
    await known.close()
    throw error
  } finally {
    await cursor.close()
  }
}

async function readRows(
  { batches, onRows }: MergePlanOptions,
  ledger: KeyLedger,
  merge: Merge,
  isHashed: boolean,
): Promise<void> {
  const room = digestRoom()
  let unreported = 0
  for await (const batch of batches) {
    for (let index = 0; index < batch.size; index += 1) {
      if (merge.isSpent) await merge.load()
      const hash = isHashed ? hashOf(batch, index, room) : null
      if (hash === null || !merge.recognise(hash)) await merge.read(batch, index, hash)
      if (ledger.isFull) await ledger.settle()
      unreported += 1
      if (unreported < rowsPerReport) continue
      onRows?.(ledger.tally.rows)
      unreported = 0
    }
  }
  await merge.finish()
  onRows?.(ledger.tally.rows)
}
