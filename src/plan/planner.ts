import type { Activation } from '../config/activation.ts'
import type { Column, Failure, RowBatch, TargetRecord, Value } from '../connector/index.ts'
import { difference, wasDelivered } from './diff.ts'
import { digest, digestRoom, formatDigest, parseDigest } from './digest.ts'
import type { FieldValue } from './fingerprint.ts'
import type { PlanSink, PlanTotals, SnapshotEntry, SnapshotReader } from './interfaces.ts'
import type { KeyGap } from './key.ts'
import { KeyTable } from './key-table.ts'
import { compileMapping, type Mapping, type RefusedField } from './mapping.ts'
import { mark, type PendingRow, verdicts } from './pending.ts'
import { duplicateKey, invalidValue, missingIdentifier } from './rejection.ts'
import { rowContent } from './row-content.ts'
import { Spool } from './spool.ts'
import { Tally, type Verdict } from './totals.ts'

export interface PlanOptions {
  readonly activation: Activation
  readonly columns: readonly Column[]
  readonly batches: AsyncIterable<RowBatch>
  readonly snapshot: SnapshotReader
  readonly sink: PlanSink
  /** Hears how many rows were read so far: every 1,000 rows, and at the end. */
  readonly onRows?: ((rows: number) => void) | undefined
}

/**
 * Compares a query's rows with the snapshot and spools what has to be done, in the order of the rows. The same rows and
 * the same snapshot give the same plan, whatever batches the rows come in. Memory grows by some 50 bytes per key.
 * Throws `ConfigurationError` where the mapping does not fit the columns, and what the source, snapshot or sink throw.
 */
export async function planActivation(options: PlanOptions): Promise<PlanTotals> {
  const mapping = compileMapping(options.activation, options.columns)
  const planner = new Planner(options, mapping)
  await planner.load()
  for await (const batch of options.batches) {
    for (let index = 0; index < batch.size; index += 1) {
      planner.read(batch.values(index))
      if (planner.isFull) await planner.settle()
    }
  }
  return planner.finish()
}

/** Rows that are read before the snapshot is asked about them, at most. */
const rowsPerSettling = 1000

class Planner {
  readonly #options: PlanOptions
  readonly #mapping: Mapping
  readonly #tally: Tally
  readonly #spool: Spool
  readonly #fieldIndex: ReadonlyMap<string, number>
  /** The columns that the activation uses: what else a row holds does not matter. */
  readonly #contentPositions: readonly number[]
  #table: KeyTable
  #snapshotKeys = 0
  #snapshotKeysSeen = 0
  #nextOrdinal = 0
  #unsettledRows = 0
  #pending: PendingRow[] = []

  // Used again for every row.
  readonly #values: FieldValue[]
  readonly #keyDigest = digestRoom()
  readonly #fingerprint = digestRoom()

  constructor(options: PlanOptions, mapping: Mapping) {
    const names = mapping.fields.map(({ field }) => field)
    this.#options = options
    this.#mapping = mapping
    this.#tally = new Tally(names)
    this.#spool = new Spool(options.sink)
    this.#fieldIndex = new Map(names.map((name, index) => [name, index]))
    this.#table = new KeyTable(mark.changed + names.length)
    const used = new Set(mapping.fields.map(({ column }) => column?.name))
    for (const name of options.activation.key ?? []) used.add(name)
    this.#contentPositions = [...options.columns.keys()].filter((position) =>
      used.has(options.columns[position]?.name),
    )
    this.#values = names.map(() => undefined)
  }

  /** Takes every key of the snapshot into the table. */
  async load(): Promise<void> {
    const { snapshot } = this.#options
    this.#table = new KeyTable(mark.changed + this.#fieldIndex.size, await snapshot.count())
    for await (const entries of snapshot.fingerprints()) {
      for (const { key, fingerprint } of entries) {
        digest(key, this.#keyDigest)
        const entry = this.#table.add(this.#keyDigest)
        this.#table.mark(entry, mark.inSnapshot)
        if (fingerprint !== null && parseDigest(fingerprint, this.#fingerprint)) {
          this.#table.setFingerprint(entry, this.#fingerprint)
          this.#table.mark(entry, mark.fingerprintKnown)
        }
      }
    }
    this.#snapshotKeys = this.#table.size
  }

  /** Whether `settle` has to be called before the next row. */
  get isFull(): boolean {
    return this.#unsettledRows >= rowsPerSettling
  }

  /** Takes the next row. Most rows have not changed, and end here. */
  read(row: readonly Value[]): void {
    this.#tally.rows += 1
    this.#unsettledRows += 1
    const mapping = this.#mapping
    const values = this.#values
    const refused = mapping.cast(row, values)
    if (refused !== null) {
      this.#readInvalid(row, refused)
      return
    }
    const key = mapping.readKey(row, values)
    if (typeof key === 'object' && key !== null) {
      this.#readWithoutIdentifier(row, key)
      return
    }
    digest(mapping.canonical(values), this.#fingerprint)
    this.#place(key ?? this.#standIn(), null)
  }

  #readInvalid(row: readonly Value[], refused: readonly RefusedField[]): void {
    const { identifier, key: keyColumns } = this.#options.activation
    const keyIsRefused = keyColumns === null && refused.some(({ field }) => field === identifier)
    const key = keyIsRefused ? null : this.#mapping.readKey(row, this.#values)
    if (
      typeof key === 'object' &&
      key !== null &&
      refused.every(({ field }) => field !== identifier)
    ) {
      this.#readWithoutIdentifier(row, key)
      return
    }
    this.#digestRow(row)
    const known = typeof key === 'object' ? key?.key : key
    this.#place(known ?? this.#standIn(), invalidValue(this.#tally.rows, refused))
  }

  #readWithoutIdentifier(row: readonly Value[], gap: KeyGap): void {
    this.#digestRow(row)
    const failure = missingIdentifier(this.#tally.rows, this.#options.activation.identifier, gap)
    this.#place(gap.key ?? this.#standIn(), failure)
  }

  /** Fingerprints a row that becomes no record. No canonical text begins like this: it never equals a valid row. */
  #digestRow(row: readonly Value[]): void {
    digest(`row ${rowContent(row, this.#contentPositions)}`, this.#fingerprint)
  }

  /** The key of a row that has none. */
  #standIn(): string {
    return `row:${formatDigest(this.#fingerprint)}`
  }

  /** Finds the key of the current row in the table, and decides whether the row needs anything done. */
  #place(key: string, failure: Failure | null): void {
    const table = this.#table
    digest(key, this.#keyDigest)
    let entry = table.find(this.#keyDigest)
    if (entry >= 0 && table.isMarked(entry, mark.seen)) {
      if (table.hasFingerprint(entry, this.#fingerprint)) {
        this.#tally.repeated += 1
      } else if (!table.isMarked(entry, mark.duplicate)) {
        table.mark(entry, mark.duplicate)
        const duplicate = duplicateKey(this.#tally.rows, this.#options.activation.identifier)
        this.#pending.push({ entry, key, row: { duplicate } })
      }
      return
    }
    if (entry >= 0) {
      this.#snapshotKeysSeen += 1
      const isUnchanged =
        table.isMarked(entry, mark.fingerprintKnown) &&
        table.hasFingerprint(entry, this.#fingerprint)
      if (isUnchanged) {
        table.mark(entry, mark.seen)
        this.#decide(entry, 'unchanged')
        return
      }
    } else {
      entry = table.add(this.#keyDigest)
    }
    // From here on the fingerprint is that of the key's first row, for later rows to be compared with.
    table.setFingerprint(entry, this.#fingerprint)
    table.mark(entry, mark.seen)
    if (failure !== null) {
      this.#pending.push({ entry, key, row: { failure } })
    } else {
      const record = this.#mapping.record(this.#values)
      const fingerprint = formatDigest(this.#fingerprint)
      this.#pending.push({ entry, key, row: { record, fingerprint } })
    }
  }

  /** Asks the snapshot about the rows that need something done, and plans them in order. */
  async settle(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    this.#unsettledRows = 0
    const known = new Set<string>()
    for (const { entry, key } of pending) {
      if (this.#table.isMarked(entry, mark.inSnapshot)) known.add(key)
    }
    const entries: ReadonlyMap<string, SnapshotEntry> =
      known.size === 0 ? new Map() : await this.#options.snapshot.entries([...known])
    for (const { entry, key, row } of pending) {
      const before = entries.get(key)
      if (before !== undefined && wasDelivered(before)) this.#table.mark(entry, mark.delivered)
      if ('record' in row) this.#planRecord(entry, key, row.record, row.fingerprint, before)
      else if ('failure' in row) this.#planFailure(entry, key, row.failure)
      else this.#planDuplicate(entry, key, row.duplicate)
    }
    await this.#spool.drain()
    this.#options.onRows?.(this.#tally.rows)
  }

  /** Plans what is left, hands everything to the sink and returns the totals. */
  async finish(): Promise<PlanTotals> {
    await this.settle()
    await this.#spool.flush()
    this.#tally.removed = this.#snapshotKeys - this.#snapshotKeysSeen
    return this.#tally.totals()
  }

  #planRecord(
    entry: number,
    key: string,
    record: TargetRecord,
    fingerprint: string,
    before: SnapshotEntry | undefined,
  ): void {
    const found = difference(record, before)
    if (found === null) {
      this.#decide(entry, 'unchanged')
      return
    }
    const { kind, changed } = found
    const ordinal = this.#takeOrdinal(entry)
    this.#decide(entry, kind)
    if (kind === 'update') {
      for (const field of changed) {
        const index = this.#fieldIndex.get(field) as number
        this.#table.mark(entry, mark.changed + index)
        this.#tally.countChange(index, 1)
      }
    }
    const id = before?.id ?? null
    this.#spool.add({ ordinal, key, kind, id, record, changed, fingerprint })
  }

  #planFailure(entry: number, key: string, failure: Failure): void {
    const ordinal = this.#takeOrdinal(entry)
    this.#decide(entry, 'rejected')
    const kind = this.#table.isMarked(entry, mark.delivered) ? 'update' : 'create'
    this.#spool.reject({ ordinal, key, kind, failure })
  }

  /** Takes back whatever was planned for the key, and rejects it in the same place. */
  #planDuplicate(entry: number, key: string, failure: Failure): void {
    const table = this.#table
    for (const verdict of verdicts) {
      if (!table.isMarked(entry, mark[verdict])) continue
      table.unmark(entry, mark[verdict])
      this.#tally.takeBack(verdict)
    }
    for (let index = 0; index < this.#fieldIndex.size; index += 1) {
      if (table.isMarked(entry, mark.changed + index)) this.#tally.countChange(index, -1)
    }
    const planned = table.ordinal(entry)
    const ordinal = planned < 0 ? this.#takeOrdinal(entry) : planned
    this.#decide(entry, 'rejected')
    const kind = table.isMarked(entry, mark.delivered) ? 'update' : 'create'
    this.#spool.reject({ ordinal, key, kind, failure })
  }

  #decide(entry: number, verdict: Verdict): void {
    this.#table.mark(entry, mark[verdict])
    this.#tally.count(verdict)
  }

  #takeOrdinal(entry: number): number {
    const ordinal = this.#nextOrdinal
    this.#nextOrdinal += 1
    this.#table.setOrdinal(entry, ordinal)
    return ordinal
  }
}
