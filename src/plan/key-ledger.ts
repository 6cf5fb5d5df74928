import type { Activation } from '../config/activation.ts'
import type { Failure, Operation, OperationKind, TargetRecord } from '../connector/index.ts'
import { type Decide, decideBy, type Wish } from './decision.ts'
import { type DigestWords, digest, digestRoom, formatDigest } from './digest.ts'
import type { PlanSink, PlanTotals, SnapshotEntry, SnapshotReader } from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import type { Mapping } from './mapping.ts'
import { mark, type PendingRow, type RowVerdict, rowVerdicts } from './pending.ts'
import { duplicateKey } from './rejection.ts'
import type { Scope } from './scope.ts'
import { Spool } from './spool.ts'
import { standOf } from './stand.ts'
import { Tally } from './totals.ts'
import type { WaitingKeys } from './waiting-keys.ts'

/** All that the ledger is made from. */
export interface LedgerOptions {
  readonly activation: Activation
  readonly mapping: Mapping
  readonly scope: Scope
  readonly snapshot: SnapshotReader
  readonly sink: PlanSink
  /** The keys of the snapshot. */
  readonly table: KeyTable
  readonly waiting: WaitingKeys
}

/** Keeps account of every key: what its rows come to, and what was planned for it. */
export class KeyLedger {
  readonly tally: Tally
  readonly #options: LedgerOptions
  readonly #decide: Decide
  readonly #spool: Spool
  readonly #table: KeyTable
  readonly #fieldIndex: ReadonlyMap<string, number>
  /** What is delivered once, whatever the row says later. */
  readonly #isOnce: boolean
  /** What modes that take away have taken away may leave the query. */
  readonly #missesRows: boolean
  readonly #keyDigest = digestRoom()
  /** The key that was placed last, its entry and its fingerprint. */
  #key = ''
  #entry = -1
  #fingerprint: DigestWords = digestRoom()
  #nextOrdinal = 0
  #pending: PendingRow[] = []

  constructor(options: LedgerOptions) {
    const { activation, mapping, scope, sink, table } = options
    this.#options = options
    this.#table = table
    this.#decide = decideBy(activation, mapping, scope)
    this.#spool = new Spool(sink)
    this.#fieldIndex = new Map(mapping.names.map((name, index) => [name, index]))
    this.#isOnce = activation.mode === 'insert'
    this.tally = new Tally(mapping.names)
    for (let entry = 0; entry < table.size; entry += 1) {
      if (table.isMarked(entry, mark.delivered)) this.tally.known += 1
    }
    this.#missesRows = scope.effect === 'held'
    this.tally.removed = this.#missesRows ? this.tally.known : 0
  }

  /**
   * Enters a row by its key and fingerprint. True where the row needs something done: then `want` or `refuse` has to
   * follow, before the next row.
   */
  place(key: string, fingerprint: DigestWords): boolean {
    const table = this.#table
    digest(key, this.#keyDigest)
    let entry = table.find(this.#keyDigest)
    if (entry >= 0 && table.isMarked(entry, mark.seen)) {
      this.#placeAgain(entry, key, fingerprint)
      return false
    }
    if (entry >= 0) {
      if (this.#missesRows && table.isMarked(entry, mark.delivered)) this.tally.removed -= 1
      const isUnchanged =
        table.isMarked(entry, mark.fingerprintKnown) &&
        (this.#isOnce || table.hasFingerprint(entry, fingerprint))
      if (isUnchanged) this.#note(entry, 'unchanged')
      // From here on the fingerprint is that of the key's first row, for later rows to be compared with.
      table.setFingerprint(entry, fingerprint)
      table.mark(entry, mark.seen)
      if (isUnchanged) return false
    } else {
      entry = table.add(this.#keyDigest)
      table.setFingerprint(entry, fingerprint)
      table.mark(entry, mark.seen)
    }
    if (this.#options.waiting.has(this.#keyDigest, fingerprint)) {
      this.#note(entry, 'waiting')
      this.#spool.wait(key)
      return false
    }
    this.#key = key
    this.#entry = entry
    this.#fingerprint = fingerprint
    return true
  }

  /** The row that was placed last wants this record; `id`: the target's own id, where the row has it. */
  want(record: TargetRecord, id: string | null): void {
    const fingerprint = this.#options.scope.sign(formatDigest(this.#fingerprint))
    this.#pending.push({ entry: this.#entry, key: this.#key, row: { record, id, fingerprint } })
  }

  /** The row that was placed last fails. */
  refuse(failure: Failure): void {
    this.#pending.push({ entry: this.#entry, key: this.#key, row: { failure } })
  }

  /** Another row of a key that has one. */
  #placeAgain(entry: number, key: string, fingerprint: DigestWords): void {
    const table = this.#table
    if (table.hasFingerprint(entry, fingerprint)) {
      this.tally.repeated += 1
    } else if (!table.isMarked(entry, mark.duplicate)) {
      table.mark(entry, mark.duplicate)
      const duplicate = duplicateKey(this.tally.rows, this.#options.activation.identifier)
      this.#pending.push({ entry, key, row: { duplicate } })
    }
  }

  /** Asks the snapshot about the rows that need something done, and plans them in order. */
  async settle(): Promise<void> {
    const { snapshot, scope } = this.#options
    const pending = this.#pending
    this.#pending = []
    const known = new Set<string>()
    for (const { entry, key } of pending) {
      if (this.#table.isMarked(entry, mark.inSnapshot)) known.add(key)
    }
    const entries: ReadonlyMap<string, SnapshotEntry> =
      known.size === 0 ? new Map() : await snapshot.entries([...known])
    for (const { entry, key, row } of pending) {
      const before = entries.get(key)
      if (standOf(before, scope)?.isDelivered === true) this.#table.mark(entry, mark.delivered)
      if ('record' in row) this.#planRecord(entry, key, row, before)
      else if ('failure' in row) this.#reject(entry, key, row.failure)
      else this.#rejectDuplicate(entry, key, row.duplicate)
    }
    await this.#spool.drain()
  }

  /** Plans operations on keys that no row has, behind all others. Their ordinals are given here. */
  async remove(operations: readonly Omit<Operation, 'ordinal'>[]): Promise<void> {
    for (const operation of operations) {
      if (this.#options.waiting.hasSigned(operation.key, operation.fingerprint)) {
        this.#spool.wait(operation.key)
        this.tally.count('waiting')
        continue
      }
      this.#spool.add({ ordinal: this.#takeOrdinal(), ...operation })
      this.tally.count(operation.kind)
    }
    await this.#spool.drain()
  }

  /** Hands what is left to the sink and returns the totals. */
  async finish(): Promise<PlanTotals> {
    await this.#spool.flush()
    return this.tally.totals()
  }

  #planRecord(entry: number, key: string, wish: Wish, before: SnapshotEntry | undefined): void {
    const decision = this.#decide(wish, before)
    if (decision === null) {
      this.#note(entry, 'unchanged')
      return
    }
    const { kind, changed } = decision
    const ordinal = this.#takeOrdinal()
    this.#table.setOrdinal(entry, ordinal)
    this.#note(entry, kind)
    if (kind === 'update') {
      for (const field of changed) {
        const index = this.#fieldIndex.get(field) as number
        this.#table.mark(entry, mark.changed + index)
        this.tally.countChange(index, 1)
      }
    }
    const unansweredSince = before?.unansweredSince ?? null
    const { fingerprint } = wish
    this.#spool.add({ ordinal, key, removal: false, ...decision, fingerprint, unansweredSince })
  }

  #reject(entry: number, key: string, failure: Failure): void {
    let ordinal = this.#table.ordinal(entry)
    if (ordinal < 0) {
      ordinal = this.#takeOrdinal()
      this.#table.setOrdinal(entry, ordinal)
    }
    this.#note(entry, 'rejected')
    this.#spool.reject({ ordinal, key, kind: this.#kindOfFailed(entry), failure })
  }

  /** Takes back whatever was planned for the key, and rejects it in the same place. */
  #rejectDuplicate(entry: number, key: string, failure: Failure): void {
    const table = this.#table
    for (const verdict of rowVerdicts) {
      if (!table.isMarked(entry, mark[verdict])) continue
      table.unmark(entry, mark[verdict])
      this.tally.takeBack(verdict)
    }
    for (let index = 0; index < this.#fieldIndex.size; index += 1) {
      if (table.isMarked(entry, mark.changed + index)) this.tally.countChange(index, -1)
    }
    this.#reject(entry, key, failure)
  }

  #kindOfFailed(entry: number): OperationKind {
    const { mode } = this.#options.activation
    if (mode === 'insert') return 'create'
    if (mode !== 'upsert') return mode
    return this.#table.isMarked(entry, mark.delivered) ? 'update' : 'create'
  }

  #note(entry: number, verdict: RowVerdict): void {
    this.#table.mark(entry, mark[verdict])
    this.tally.count(verdict)
  }

  #takeOrdinal(): number {
    const ordinal = this.#nextOrdinal
    this.#nextOrdinal += 1
    return ordinal
  }
}
